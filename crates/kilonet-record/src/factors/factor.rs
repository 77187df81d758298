//! What a factor with a closed list of levels is: one word for each, read and written the same everywhere.
//!
//! Knows no factor. Invariant: the word that is written is the word that is read.

/// A factor with a closed list of levels, each written as one lower-case word.
pub trait Factor: Sized + Copy + 'static {
    /// The key it is written under.
    const KEY: &'static str;
    /// Every level that a scenario may ask for, in the order in which help and reports list them. What only records have is
    /// not among them.
    const ALL: &'static [Self];
    /// The word it is written as.
    fn word(self) -> &'static str;
}

macro_rules! factor {
    (
        $(#[$doc:meta])* $name:ident, $key:literal { $($(#[$level_doc:meta])* $level:ident = $word:literal),+ $(,)? }
        $(only in records { $($(#[$kept_doc:meta])* $kept:ident = $kept_word:literal),+ $(,)? })?
    ) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize, schemars::JsonSchema,
        )]
        pub enum $name {
            $($(#[$level_doc])* #[serde(rename = $word)] $level,)+
            $($($(#[$kept_doc])* #[serde(rename = $kept_word)] #[schemars(skip)] $kept,)+)?
        }

        impl $crate::factors::Factor for $name {
            const KEY: &'static str = $key;
            const ALL: &'static [Self] = &[$(Self::$level),+];
            fn word(self) -> &'static str {
                match self {
                    $(Self::$level => $word,)+
                    $($(Self::$kept => $kept_word,)+)?
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                use $crate::factors::Factor;
                out.pad(self.word())
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                use $crate::factors::Factor;
                Self::ALL.iter().copied().find(|level| level.word() == text).ok_or_else(|| $crate::factors::factor::unknown_level::<Self>(text))
            }
        }
    };
}
pub(crate) use factor;

/// What is wrong with a word that is no level of a factor.
pub fn unknown_level<F: Factor>(text: &str) -> String {
    let words: Vec<_> = F::ALL
        .iter()
        .map(|level| format!("`{}`", level.word()))
        .collect();
    format!("`{text}` is no {}; allowed: {}", F::KEY, words.join(", "))
}
