//! The facts of `systems/salto-ks.md` and the tests that hold them, for the table in the docs.
