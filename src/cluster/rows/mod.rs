//! The rows kept of objects that are very numerous. Pure: events go in, work to do comes out.

mod intern;
mod row;
mod slab;
mod table;

pub use row::{Life, Row};
pub use table::{Table, Todo, Tombstone};
