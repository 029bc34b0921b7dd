//! The cache of compiled things: folders named by a hash of everything that went into them.
//!
//! The cache lies in GATEWRIGHT_CACHE, else in `gatewright` below XDG_CACHE_HOME or `~/.cache`. An entry is built in a
//! folder beside it and renamed when it is whole, under a lock that other threads and processes respect; its files are
//! hashed, and an entry that does not match is built again. The oldest entries go when there are many.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};

use crate::error::SimError;

/// Entries of one kind that are kept.
const KEEP: usize = 300;

/// After this time a folder that is not whole was left behind by a process that was stopped.
const ABANDONED: Duration = Duration::from_secs(24 * 3600);

/// A folder of entries.
#[derive(Clone, Debug)]
pub(super) struct Cache {
    root: PathBuf,
}

/// A hash over parts, each with its length.
pub(super) fn digest<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hasher.finalize()[..16].iter().map(|b| format!("{b:02x}")).collect()
}

impl Cache {
    /// The cache in `root`, or in the usual place.
    pub(super) fn open(root: Option<&Path>) -> Result<Cache, SimError> {
        let set = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
        let root = root
            .map(Path::to_path_buf)
            .or_else(|| set("GATEWRIGHT_CACHE"))
            .or_else(|| set("XDG_CACHE_HOME").map(|p| p.join("gatewright")))
            .or_else(|| set("HOME").map(|p| p.join(".cache").join("gatewright")))
            .ok_or_else(|| SimError::Tool {
                stage: "looking for a cache folder".into(),
                output: "there is no HOME; name a folder of your own in GATEWRIGHT_CACHE".into(),
            })?;
        let root = std::path::absolute(&root).map_err(|e| SimError::io(&root, e))?;
        fs::create_dir_all(&root).map_err(|e| SimError::io(&root, e))?;
        Ok(Cache { root })
    }

    /// Where the entry `kind`-`key` lies or will lie.
    pub(super) fn place(&self, kind: &str, key: &str) -> PathBuf {
        self.root.join(format!("{kind}-{key}"))
    }

    /// The folder of the entry, which holds `product`; `build` makes it in the folder it is given, where there is none
    /// or it is damaged.
    pub(super) fn entry(
        &self,
        kind: &str,
        key: &str,
        product: &str,
        build: impl FnOnce(&Path) -> Result<(), SimError>,
    ) -> Result<PathBuf, SimError> {
        let place = self.place(kind, key);
        let lock_path = self.root.join(format!("{kind}-{key}.lock"));
        let lock = File::create(&lock_path).map_err(|e| SimError::io(&lock_path, e))?;
        lock.lock().map_err(|e| SimError::io(&lock_path, e))?;
        if is_whole(&place, product) {
            // The time of use decides what is dropped.
            let _ = File::open(place.join("sum")).and_then(|f| f.set_modified(SystemTime::now()));
            return Ok(place);
        }
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let part = self.root.join(format!(
            "part-{kind}-{key}-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        ));
        let built = build_whole(&part, &place, product, build);
        if built.is_err() {
            let _ = fs::remove_dir_all(&part);
        }
        built?;
        self.drop_oldest(kind);
        Ok(place)
    }

    fn drop_oldest(&self, kind: &str) {
        let Ok(list) = fs::read_dir(&self.root) else { return };
        let list: Vec<fs::DirEntry> = list.flatten().collect();
        for entry in list.iter().filter(|e| e.file_name().to_string_lossy().starts_with("part-")) {
            let age = entry.metadata().and_then(|m| m.modified()).ok().and_then(|t| t.elapsed().ok());
            if age.is_some_and(|age| age > ABANDONED) {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
        let prefix = format!("{kind}-");
        let mut entries: Vec<(SystemTime, PathBuf)> = list
            .iter()
            .filter(|e| e.file_name().to_string_lossy().starts_with(&prefix))
            .filter_map(|e| Some((fs::metadata(e.path().join("sum")).ok()?.modified().ok()?, e.path())))
            .collect();
        entries.sort();
        let excess = entries.len().saturating_sub(KEEP);
        for (_, path) in entries.drain(..excess) {
            // A model that is loaded stays loaded; what cannot be removed stays for the next time.
            let _ = fs::remove_dir_all(&path);
            let _ = fs::remove_file(path.with_extension("lock"));
        }
    }
}

fn build_whole(
    part: &Path,
    place: &Path,
    product: &str,
    build: impl FnOnce(&Path) -> Result<(), SimError>,
) -> Result<(), SimError> {
    let io = |e: std::io::Error| SimError::io(part, e);
    let _ = fs::remove_dir_all(part);
    fs::create_dir_all(part).map_err(io)?;
    build(part)?;
    if !part.join(product).is_file() {
        return Err(SimError::Tool { stage: "building".into(), output: format!("no {product} was made") });
    }
    let sum = sum_of(part).map_err(io)?;
    fs::write(part.join("sum"), sum).map_err(io)?;
    let _ = fs::remove_dir_all(place);
    fs::rename(part, place).map_err(io)
}

/// A hash over all files of a folder but the sum itself, with their names.
fn sum_of(folder: &Path) -> std::io::Result<String> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next)? {
            let path = entry?.path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.retain(|f| *f != folder.join("sum"));
    files.sort();
    let mut parts = Vec::new();
    for file in files {
        let name = file.strip_prefix(folder).unwrap_or(&file).to_string_lossy().into_owned();
        parts.extend([name.into_bytes(), fs::read(&file)?]);
    }
    Ok(digest(parts.iter().map(Vec::as_slice)))
}

fn is_whole(place: &Path, product: &str) -> bool {
    place.join(product).is_file()
        && match (fs::read_to_string(place.join("sum")), sum_of(place)) {
            (Ok(wanted), Ok(sum)) => wanted == sum,
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    fn temporary(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("gatewright-test-{name}-{}", std::process::id()))
    }

    #[test]
    fn entries_are_built_once_and_again_when_damaged() {
        let root = temporary("cache");
        let cache = Cache::open(Some(&root)).unwrap();
        let builds = AtomicUsize::new(0);
        let get = || {
            cache.entry("thing", "k", "product", |dir| {
                builds.fetch_add(1, Ordering::SeqCst);
                std::thread::sleep(std::time::Duration::from_millis(20));
                fs::create_dir_all(dir.join("data")).map_err(|e| SimError::io(dir, e))?;
                fs::write(dir.join("data/beside"), "too").map_err(|e| SimError::io(dir, e))?;
                fs::write(dir.join("product"), "whole").map_err(|e| SimError::io(dir, e))
            })
        };
        std::thread::scope(|s| {
            for _ in 0..4 {
                s.spawn(|| get().unwrap());
            }
        });
        assert_eq!(builds.load(Ordering::SeqCst), 1);
        let product = get().unwrap().join("product");
        fs::write(&product, "whol").unwrap();
        get().unwrap();
        assert_eq!(builds.load(Ordering::SeqCst), 2);
        assert_eq!(fs::read_to_string(&product).unwrap(), "whole");
        fs::remove_file(&product).unwrap();
        get().unwrap();
        assert_eq!(builds.load(Ordering::SeqCst), 3);
        for damage in [|p: &Path| fs::write(p, "other").unwrap(), |p: &Path| fs::remove_file(p).unwrap()] {
            damage(&product.with_file_name("data").join("beside"));
            get().unwrap();
        }
        assert_eq!(builds.load(Ordering::SeqCst), 5);
        // A build that fails leaves nothing behind.
        assert!(cache.entry("thing", "bad", "product", |_| Ok(())).is_err());
        let left: Vec<_> = fs::read_dir(&root).unwrap().flatten().map(|e| e.file_name()).collect();
        assert!(left.iter().all(|n| !n.to_string_lossy().starts_with("part")), "{left:?}");
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn digests_tell_the_parts_apart() {
        assert_ne!(digest([b"ab".as_slice(), b"c"]), digest([b"a".as_slice(), b"bc"]));
        assert_eq!(digest([b"ab".as_slice()]).len(), 32);
    }
}
