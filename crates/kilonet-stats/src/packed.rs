//! Times that were recorded, as they are kept: what a record holds, of which a run may have a hundred thousand.
//!
//! The invariant: they can be unpacked, and nothing is lost between.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

use super::Latencies;

/// [`Latencies`] in hdrhistogram's V2 encoding, deflated. Serialized as that in base64: what its readers in every language
/// take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed(Box<[u8]>);

impl Packed {
    /// Packs times; absent where they cannot be encoded.
    #[must_use]
    pub fn of(latencies: &Latencies) -> Option<Self> {
        let bytes = latencies.encoded()?;
        Some(Self(bytes.into_boxed_slice()))
    }

    /// The times. (What was packed or read can be unpacked; absent is what cannot be.)
    #[must_use]
    pub fn latencies(&self) -> Option<Latencies> {
        Latencies::decoded(&self.0)
    }

    /// In base64, as it is serialized.
    #[must_use]
    pub fn encoded(&self) -> String {
        STANDARD.encode(&self.0)
    }
}

impl Serialize for Packed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.encoded())
    }
}

impl<'de> Deserialize<'de> for Packed {
    /// Unpacks what it reads, so that what is none is not found out later.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(deserializer).map(|(packed, _)| packed)
    }
}

impl Serialize for Latencies {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let packed = Packed::of(self);
        let packed = packed.ok_or_else(|| ser::Error::custom("the histogram cannot be encoded"))?;
        packed.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Latencies {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(deserializer).map(|(_, latencies)| latencies)
    }
}

fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(Packed, Latencies), D::Error> {
    let text = String::deserialize(deserializer)?;
    let packed = STANDARD.decode(text).ok();
    let packed = packed.map(|bytes| Packed(bytes.into_boxed_slice()));
    packed
        .and_then(|packed| packed.latencies().map(|latencies| (packed, latencies)))
        .ok_or_else(|| de::Error::custom("no histogram in V2 encoding"))
}

#[cfg(test)]
mod tests {
    use super::super::Recorder;
    use super::*;

    #[test]
    fn what_is_written_is_read_back_whole() {
        let mut recorder = Recorder::new().unwrap();
        (0..5000).for_each(|n: u64| recorder.record(n * n));
        let times = recorder.latencies();
        let text = serde_json::to_string(&Packed::of(&times).unwrap()).unwrap();
        let read: Packed = serde_json::from_str(&text).unwrap();
        assert_eq!(read.latencies().unwrap(), times);
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
    }

    #[test]
    fn what_is_no_histogram_is_not_read() {
        let read = |text: &str| serde_json::from_str::<Packed>(&format!("\"{text}\""));
        assert!(read("no histogram").is_err(), "not in base64");
        assert!(read("bm8gaGlzdG9ncmFt").is_err(), "nothing of the encoding");
        let mut recorder = Recorder::new().unwrap();
        recorder.record(1_000_000);
        let whole = Packed::of(&recorder.latencies()).unwrap();
        let short = Packed(whole.0[..whole.0.len() - 8].into());
        assert!(read(&short.encoded()).is_err(), "cut off");
    }
}
