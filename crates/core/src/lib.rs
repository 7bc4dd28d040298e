//! The functional core of Vestibule.
