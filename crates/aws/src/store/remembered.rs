//! Objects that a process has read and that are written once, so that it need not read them again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The bytes of an object.
type Bytes = Arc<[u8]>;

/// So many bytes of objects are remembered at the most. The settings of a step have 2 kB, an inventory of fifty instances
/// about 50 kB; the smallest function has 256 MB.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// An object that alone would take more than this share of the memory is not remembered.
const MAX_SHARE: usize = 4;

/// The objects, by their whole keys. Clones remember the same.
#[derive(Debug, Clone, Default)]
pub struct Remembered(Arc<Mutex<Objects>>);

#[derive(Debug, Default)]
struct Objects {
    by_key: HashMap<String, Object>,
    bytes: usize,
    uses: u64,
}

#[derive(Debug)]
struct Object {
    bytes: Bytes,
    /// The number of its last use.
    used: u64,
}

impl Remembered {
    /// The object of that key, if it is remembered.
    pub fn get(&self, key: &str) -> Option<Bytes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key)
    }

    /// Remembers an object, and forgets those that were used least recently if there is no room for it.
    pub fn put(&self, key: &str, bytes: &Bytes) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).put(key, bytes, MAX_BYTES);
    }
}

impl Objects {
    fn get(&mut self, key: &str) -> Option<Bytes> {
        self.uses += 1;
        let object = self.by_key.get_mut(key)?;
        object.used = self.uses;
        Some(object.bytes.clone())
    }

    fn put(&mut self, key: &str, bytes: &Bytes, room: usize) {
        let size = size(key, bytes);
        if size > room / MAX_SHARE || self.by_key.contains_key(key) {
            return;
        }
        while self.bytes + size > room {
            let oldest = self.by_key.iter().min_by_key(|(_, object)| object.used).map(|(key, _)| key.clone());
            let Some((key, object)) = oldest.and_then(|key| self.by_key.remove_entry(&key)) else { break };
            self.bytes -= self::size(&key, &object.bytes);
        }
        self.uses += 1;
        self.bytes += size;
        self.by_key.insert(key.to_owned(), Object { bytes: bytes.clone(), used: self.uses });
    }
}

fn size(key: &str, bytes: &Bytes) -> usize {
    key.len() + bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: usize = 100;

    fn bytes(count: usize) -> Bytes {
        Bytes::from(vec![b'x'; count])
    }

    #[test]
    fn what_was_used_least_recently_is_forgotten_first() {
        let mut objects = Objects::default();
        for key in ["a", "b", "c", "d"] {
            objects.put(key, &bytes(23), ROOM);
        }
        assert_eq!(objects.get("a"), Some(bytes(23)));
        objects.put("e", &bytes(23), ROOM);
        let kept: Vec<&str> = ["a", "b", "c", "d", "e"].into_iter().filter(|key| objects.get(key).is_some()).collect();
        assert_eq!(kept, ["a", "c", "d", "e"]);
        assert_eq!(objects.bytes, 96);
    }

    #[test]
    fn there_are_never_more_bytes_than_there_is_room() {
        let mut objects = Objects::default();
        for (number, count) in [3, 24, 11, 20, 7, 19, 24, 2, 15, 24, 24].into_iter().enumerate() {
            objects.put(&number.to_string(), &bytes(count), ROOM);
            assert!(objects.bytes <= ROOM, "{number}: {}", objects.bytes);
        }
        objects.put("large", &bytes(25), ROOM);
        assert_eq!(objects.get("large"), None);
    }

    #[test]
    fn clones_remember_the_same_and_an_object_stays_as_it_was_read_first() {
        let remembered = Remembered::default();
        let clone = remembered.clone();
        clone.put("key", &bytes(1));
        remembered.put("key", &bytes(2));
        assert_eq!((remembered.get("key"), clone.get("other")), (Some(bytes(1)), None));
    }
}
