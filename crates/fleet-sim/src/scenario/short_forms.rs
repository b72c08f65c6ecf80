//! Short forms: a name in place of a map, and values such as `on` and `off`, which YAML dialects read differently.
use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeOwned, MapAccess, Visitor, value::MapAccessDeserializer},
};
use std::{fmt, marker::PhantomData};

/// A type whose values have names.
pub trait Named: Sized {
    /// The names, as an error message lists them.
    const NAMES: &'static str;

    /// The shape of a name, if there are more than the listed ones.
    const PATTERN: Option<&'static str> = None;

    /// Returns the value of a name. YAML's `true` and `false` arrive as these words.
    fn from_name(name: &str) -> Option<Self>;
}

/// Reads a value of a type whose values have names. For `deserialize_with`.
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

/// A map of fields, or a name that stands for a map with every other field left out.
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
    /// Off in every Region.
    #[default]
    Off,
    /// On in every Region.
    On,
    /// On in these Regions.
    In(Vec<String>),
}

impl Switch {
    /// Returns whether it is on in a Region.
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
