//! The chunks of a target: so many of its instances, in the order of their ids, are dealt with at a time.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::InventoryInstance;

/// So many instances are in a chunk when it is cut: as many as one call of DescribeInstancePatchStates, and one page of
/// DescribeInstanceInformation, takes.
pub const CHUNK_SIZE: usize = 50;

/// `chunks.json`: where the chunks of a target begin.
///
/// It is written before the first chunk. A function that goes on where another try has stopped lists the instances again and may
/// see others; by this it cuts them in the same places, so that no instance is in two chunks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Chunks {
    /// The first instance id of each chunk from the second on, in their order. The first chunk begins before every id.
    starts: Vec<String>,
}

impl Chunks {
    /// Cuts instances that are sorted by id. A target without instances has one chunk, which is empty.
    #[must_use]
    pub fn of(instances: &[InventoryInstance]) -> Self {
        let starts = instances.iter().step_by(CHUNK_SIZE).skip(1).map(|first| first.instance_id.clone());
        Self { starts: starts.collect() }
    }

    /// Returns how many chunks there are, at least 1.
    #[must_use]
    pub fn count(&self) -> u32 {
        u32::try_from(self.starts.len()).unwrap_or(u32::MAX).saturating_add(1)
    }

    /// Returns the chunks, each with its number. `instances` are sorted by id.
    pub fn split(&self, mut instances: Vec<InventoryInstance>) -> impl Iterator<Item = (u32, Vec<InventoryInstance>)> {
        // From the end, so that each instance is moved once.
        let mut chunks = Vec::with_capacity(self.starts.len() + 1);
        for start in self.starts.iter().rev() {
            chunks.push(instances.split_off(instances.partition_point(|one| one.instance_id < *start)));
        }
        chunks.push(instances);
        (1..).zip(chunks.into_iter().rev())
    }
}

/// A chunk of a target's instances, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Chunk {
    /// Its number, from 1.
    pub number: NonZeroU32,
    /// How many chunks the target has.
    pub of: NonZeroU32,
}

impl Chunk {
    /// The only chunk of a target.
    pub const ONLY: Self = Self { number: NonZeroU32::MIN, of: NonZeroU32::MIN };

    /// Returns every chunk of a target that has so many; a target has at least one.
    pub fn all(count: u32) -> impl Iterator<Item = Self> {
        let of = NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN);
        (1..=of.get()).filter_map(NonZeroU32::new).map(move |number| Self { number, of })
    }

    /// Returns true for the chunk that speaks for the target as a whole, too.
    #[must_use]
    pub fn is_first(self) -> bool {
        self.number == NonZeroU32::MIN
    }

    /// Returns true for the chunk behind which the target is complete.
    #[must_use]
    pub fn is_last(self) -> bool {
        self.number == self.of
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::fixtures::seen;

    fn instances(ids: impl IntoIterator<Item = u32>) -> Vec<InventoryInstance> {
        ids.into_iter().map(|id| seen(&format!("i-{id:05}"), None)).collect()
    }

    #[test]
    fn a_target_has_at_least_one_chunk_and_no_chunk_is_larger_than_is_said() {
        for (count, expected) in
            [(0, vec![0]), (1, vec![1]), (50, vec![50]), (51, vec![50, 1]), (120, vec![50, 50, 20])]
        {
            let all = instances(0..count);
            let chunks = Chunks::of(&all);
            let split: Vec<(u32, usize)> = chunks.split(all).map(|(number, chunk)| (number, chunk.len())).collect();
            assert_eq!(split, (1..).zip(expected).collect::<Vec<_>>());
            assert_eq!(chunks.count() as usize, split.len());
        }
    }

    #[test]
    fn the_last_chunk_is_the_one_behind_which_the_target_is_complete() {
        let ends: Vec<(bool, bool)> = Chunk::all(3).map(|chunk| (chunk.is_first(), chunk.is_last())).collect();
        assert_eq!(ends, [(true, false), (false, false), (false, true)]);
        assert_eq!(Chunk::all(0).collect::<Vec<_>>(), [Chunk::ONLY]);
    }

    proptest! {
        /// Instances come and go between two listings of a target.
        #[test]
        fn what_was_cut_once_is_cut_in_the_same_places_again(
            first in proptest::collection::btree_set(0..500_u32, 0..300),
            second in proptest::collection::btree_set(0..500_u32, 0..300),
        ) {
            let chunks = Chunks::of(&instances(first.clone()));
            let of = |ids: BTreeSet<u32>| -> Vec<(u32, String)> {
                chunks.split(instances(ids)).flat_map(|(number, chunk)| chunk.into_iter().map(move |one| (number, one.instance_id))).collect()
            };
            let (before, after) = (of(first), of(second.clone()));
            prop_assert_eq!(after.len(), second.len());
            for (number, id) in &after {
                for (earlier, same) in &before {
                    prop_assert!(same != id || earlier == number);
                }
            }
        }
    }
}
