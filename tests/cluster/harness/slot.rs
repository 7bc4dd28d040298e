//! The directory of a test run's control plane: one for each of the runs at the same time.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// A directory that this process owns until it ends. The next run uses it again and empties it first. That works after
/// a kill too, and the files of a failed run can be inspected until then.
pub(crate) struct ObjectId {
    dir: PathBuf,
    _held: File,
}

// === impl ObjectId ===

impl ObjectId {
    /// Takes the first free one.
    pub(crate) fn take(parent: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(parent)?;
        for number in 0.. {
            let dir = parent.join(format!("cluster-{number}"));
            let held = File::create(dir.with_extension("lock"))?;
            if held.try_lock().is_ok() && !in_use(&dir) {
                if dir.exists() {
                    std::fs::remove_dir_all(&dir)?;
                }
                return Ok(Self { dir, _held: held });
            }
        }
        Err(io::Error::other("every slot is taken"))
    }

    /// The directory, which does not exist yet.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }
}

/// Whether a control plane runs on `dir`, such as one that is still ending with its run. It holds a lock there.
pub(crate) fn in_use(dir: &Path) -> bool {
    File::open(dir.join("lock")).is_ok_and(|lock| lock.try_lock().is_err())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_runs_at_once_get_different_directories_and_the_next_gets_the_first_again() {
        let parent = tempfile::tempdir().unwrap();
        let first = ObjectId::take(parent.path()).unwrap();
        let second = ObjectId::take(parent.path()).unwrap();
        assert_ne!(first.dir(), second.dir());
        let dir = first.dir().to_owned();
        drop(first);
        assert_eq!(ObjectId::take(parent.path()).unwrap().dir(), dir);
    }

    #[test]
    fn a_directory_on_which_a_control_plane_still_ends_is_left_alone() {
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("cluster-0");
        std::fs::create_dir(&dir).unwrap();
        let held = File::create(dir.join("lock")).unwrap();
        held.lock().unwrap();
        assert_ne!(ObjectId::take(parent.path()).unwrap().dir(), dir);
    }
}
