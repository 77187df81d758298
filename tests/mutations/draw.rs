//! What a case draws from its seed: places, and what is put there.
//!
//! The invariant: the same seed and number draw the same, on every machine.

use kilonet::random::SplitMix;

/// The draws of one case.
pub(crate) struct Draw(SplitMix);

impl Draw {
    /// Those of the case of that number, whichever were made before it.
    pub(crate) fn new(seed: u64, number: u64) -> Self {
        let mixed = SplitMix::new(number).draw();
        Self(SplitMix::new(seed ^ mixed))
    }

    /// A number below `end`, which is not 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0.up_to(end - 1)
    }

    /// One of some, which are not none.
    pub(crate) fn one<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }

    /// Whether a thing that comes to pass once in so many times does.
    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// A place to cut at, between the first and the last byte.
    pub(crate) fn cut(&mut self, length: usize) -> usize {
        self.0.up_to(length)
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.0.draw().to_le_bytes()[0]
    }

    /// A number as JSON, TOML or CSV may write it, or as it may not: mostly at an end of what a type holds.
    pub(crate) fn number(&mut self) -> String {
        if self.once_in(4) {
            let digits = self.below(20);
            let drawn = self.0.draw().to_string();
            return drawn[..=digits.min(drawn.len() - 1)].to_owned();
        }
        self.one(NUMBERS).to_owned()
    }

    /// A string as its characters are, before anything is escaped.
    pub(crate) fn string(&mut self) -> String {
        match self.below(8) {
            0 => "x".repeat(1 << self.below(15)),
            1 => format!("{}r0", self.one(TEXTS)),
            _ => self.one(TEXTS).to_owned(),
        }
    }
}

const NUMBERS: &[&str] = &[
    "0",
    "-0",
    "-0.0",
    "1",
    "-1",
    "2",
    "3",
    "57",
    "0.5",
    "-0.5",
    "1.0000001",
    "1e-320",
    "5e-324",
    "1e-9",
    "1e9",
    "1e18",
    "9e307",
    "-9e307",
    "1.7976931348623157e308",
    "-1.7976931348623157e308",
    "1e999",
    "-1e999",
    "255",
    "256",
    "65535",
    "65536",
    "2147483647",
    "2147483648",
    "4294967295",
    "4294967296",
    "9007199254740993",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "1000000",
    "1e15",
    "100000000000000000000000",
    "NaN",
    "Infinity",
    "-Infinity",
    "nan",
    "inf",
    "0x10",
    "1_000",
    "01",
    "+1",
    "1.",
    ".5",
    "1e",
    "",
];

/// None of these is a number's name: a figure that is none is told from a name by that.
const TEXTS: &[&str] = &[
    "",
    " ",
    ".",
    "..",
    "/",
    "../stolen",
    "../../stolen",
    "../../../stolen",
    "/stolen-by-kilonet",
    "a/b",
    "a\\b",
    "con",
    "-r0",
    "--out",
    "-",
    "\u{0}",
    "\u{1b}[2J\u{1b}]0;owned\u{7}",
    "\u{9b}31m",
    "\u{8}\u{8}\u{8}",
    "\r\n",
    "\n",
    "\t",
    "\u{202e}evil",
    "\u{2066}evil",
    "\u{feff}",
    "\u{2028}",
    "</script><script>alert(1)</script>",
    "<!--",
    "]]>",
    "&amp;&lt;",
    "\"",
    "'",
    "`",
    "|",
    "```",
    "**bold** | [link](x)",
    "=1+1",
    "a,b;c",
    "\"\"\"",
    "é",
    "\u{10ffff}",
    "\u{1f600}\u{1f600}",
    "{}",
    "{0}",
    "%s%n",
    "ok",
    "failed",
    "docker",
    "bridge",
    "loopback",
    "udp-stream",
    "tcp-rr",
    "idle",
    "ipv6",
    "2..4096 x2",
    "1..18446744073709551615",
    "2..1000000000 +2",
    "1e300s",
    "99999999999999999999h",
    "100%",
    "-5%",
    "3..1000000",
];
