//! The rows that stay of objects of which there are very many. Pure: events go in, what is to be done comes out.

mod intern;
mod row;
mod slab;
mod table;

pub use row::{Life, Row};
pub use table::{Table, Todo, Tombstone};
