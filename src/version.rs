//! Which kilonet this is: what its build recorded about itself.
//!
//! Must not know what anybody does with it. The invariant: what the build could not find out is absent.

use std::sync::LazyLock;

use crate::store::version::{Build, Version};

/// The version of this program's crate, `0.1.0`.
pub const NUMBER: &str = env!("CARGO_PKG_VERSION");

/// What this program was made of, as `build.rs` found it.
#[must_use]
pub fn build() -> Build {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    Build {
        commit: owned(option_env!("KILONET_COMMIT")),
        modified: option_env!("KILONET_MODIFIED").map(|said| said == "true"),
        lock: owned(option_env!("KILONET_LOCK")),
        source: owned(option_env!("KILONET_SOURCE")),
        profile: owned(option_env!("KILONET_PROFILE")),
    }
}

/// The version of this program.
#[must_use]
pub fn own() -> Version {
    Version {
        number: NUMBER.to_owned(),
        build: Some(build()),
    }
}

/// What `kilonet --version` says behind the name.
pub static OWN: LazyLock<String> = LazyLock::new(|| own().to_string());
