//! Short forms: a name where a map could stand, and the words that YAML dialects disagree about (`on`, `off`).
use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeOwned, MapAccess, Visitor, value::MapAccessDeserializer},
};
use std::{fmt, marker::PhantomData};

/// A type whose values have names.
pub trait Named: Sized {
    /// The names, as an error message lists them.
    const NAMES: &'static str;

    /// The value of a name. YAML's `true` and `false` come as these words.
    fn from_name(name: &str) -> Option<Self>;
}

/// Reads a value of a type whose values have names, for `deserialize_with`.
pub fn named<'de, D: Deserializer<'de>, T: Named>(deserializer: D) -> Result<T, D::Error> {
    struct Reader<T>(PhantomData<T>);
    impl<T: Named> Visitor<'_> for Reader<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "one of {}", T::NAMES)
        }

        fn visit_str<E: de::Error>(self, name: &str) -> Result<T, E> {
            read(name)
        }

        fn visit_bool<E: de::Error>(self, name: bool) -> Result<T, E> {
            read(if name { "true" } else { "false" })
        }
    }
    deserializer.deserialize_any(Reader(PhantomData))
}

fn read<T: Named, E: de::Error>(name: &str) -> Result<T, E> {
    T::from_name(name).ok_or_else(|| E::custom(format!("unknown value `{name}`, expected one of {}", T::NAMES)))
}

/// A map of fields, or one name that stands for the map with everything else absent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NameOrMap<T>(pub T);

impl<'de, T: Named + DeserializeOwned> Deserialize<'de> for NameOrMap<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<T>(PhantomData<T>);
        impl<'de, T: Named + DeserializeOwned> Visitor<'de> for Reader<T> {
            type Value = NameOrMap<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "one of {}, or a map of fields", T::NAMES)
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<NameOrMap<T>, E> {
                read(name).map(NameOrMap)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<NameOrMap<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(NameOrMap)
            }
        }
        deserializer.deserialize_any(Reader(PhantomData))
    }
}

/// On, off, or on in some Regions only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Switch {
    /// Nowhere.
    #[default]
    Off,
    /// Everywhere.
    On,
    /// In these Regions.
    In(Vec<String>),
}

impl Switch {
    /// Is it on in this Region?
    pub fn is_on(&self, region: &str) -> bool {
        match self {
            Self::Off => false,
            Self::On => true,
            Self::In(regions) => regions.iter().any(|on| on == region),
        }
    }
}

impl<'de> Deserialize<'de> for Switch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Switch;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("on, off, or a list of Regions")
            }

            fn visit_bool<E: de::Error>(self, on: bool) -> Result<Switch, E> {
                Ok(if on { Switch::On } else { Switch::Off })
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Switch, E> {
                match name {
                    "on" => Ok(Switch::On),
                    "off" => Ok(Switch::Off),
                    _ => Err(E::custom(format!("unknown value `{name}`, expected on, off, or a list of Regions"))),
                }
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Switch, A::Error> {
                let mut regions = Vec::new();
                while let Some(region) = list.next_element()? {
                    regions.push(region);
                }
                Ok(Switch::In(regions))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}
