//! The reasons for which this kernel drops packets, and how the tracepoint tells one: from the kernel's own description of its types
//! (BTF), as both change from version to version.
//!
//! Must not know how anything is counted. The invariant: a kernel that tells no reason has none here.

use std::fs;
use std::io;

const PATH: &str = "/sys/kernel/btf/vmlinux";

/// What the kernel calls the list of them, and what the names in it begin with.
const LIST: &str = "skb_drop_reason";
const PREFIX: &str = "SKB_DROP_REASON_";

/// What it calls a function that is handed what the tracepoint tells.
const TRACED: &str = "btf_trace_kfree_skb";

/// Numbers from here on are of lists that a part of the kernel has of its own (`SKB_DROP_REASON_SUBSYS_SHIFT`).
const OF_PARTS: u32 = 1 << 16;

/// What is counted together: what is of a list of a part's own, and what came while another was being counted.
const OTHER: &str = "other";

/// See the file's head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reasons {
    /// Which argument of the tracepoint the reason is, from 0.
    pub(super) argument: u16,
    /// Their names by their numbers, without what all begin with; the last is for all others.
    pub(super) names: Vec<String>,
}

impl Reasons {
    /// This kernel's.
    pub(super) fn find() -> io::Result<Self> {
        let unknown = || io::Error::new(io::ErrorKind::Unsupported, "this kernel tells no reason");
        Self::of(&fs::read(PATH)?).ok_or_else(unknown)
    }

    fn of(description: &[u8]) -> Option<Self> {
        let types = Types::parse(description)?;
        let (list, reasons) = types.named(kind::ENUM, LIST)?;
        // A pointer to a function, of whose arguments the first is its own affair.
        let (_, traced) = types.named(kind::TYPEDEF, TRACED)?;
        let function = types.get(types.get(traced.of)?.of)?;
        let mut arguments = function.members.chunks_exact(8).skip(1);
        let argument = arguments.position(|it| word(it, 4) == Some(list))?;
        Some(Self {
            argument: argument.try_into().ok()?,
            names: names(&types, reasons)?,
        })
    }
}

/// The names of a list by their numbers, and one more.
fn names(types: &Types<'_>, list: Type<'_>) -> Option<Vec<String>> {
    let each = list.members.chunks_exact(8);
    let each = each.filter_map(|it| Some((word(it, 4)?, types.name(word(it, 0)?)?)));
    let each: Vec<_> = each.filter(|(number, _)| *number < OF_PARTS).collect();
    let highest = each.iter().map(|(number, _)| *number).max()?;
    let mut names: Vec<_> = (0..=highest).map(|number| number.to_string()).collect();
    for (number, name) in each {
        name.strip_prefix(PREFIX)
            .unwrap_or(name)
            .clone_into(&mut names[number as usize]);
    }
    names.push(OTHER.to_owned());
    Some(names)
}

/// Kinds of types (`BTF_KIND_*` of `linux/btf.h`).
mod kind {
    pub(super) const INT: u32 = 1;
    pub(super) const ARRAY: u32 = 3;
    pub(super) const STRUCT: u32 = 4;
    pub(super) const UNION: u32 = 5;
    pub(super) const ENUM: u32 = 6;
    pub(super) const TYPEDEF: u32 = 8;
    pub(super) const FUNC_PROTO: u32 = 13;
    pub(super) const VAR: u32 = 14;
    pub(super) const DATASEC: u32 = 15;
    pub(super) const DECL_TAG: u32 = 17;
    pub(super) const TYPE_TAG: u32 = 18;
    pub(super) const ENUM64: u32 = 19;
}

/// A description of types: a header, the types one behind the other, and their names.
struct Types<'a> {
    all: Vec<Type<'a>>,
    names: &'a [u8],
}

#[derive(Clone, Copy)]
struct Type<'a> {
    /// Where its name is.
    name: u32,
    kind: u32,
    /// The number of the type that it is of, in those kinds that are of one.
    of: u32,
    members: &'a [u8],
}

impl<'a> Types<'a> {
    fn parse(description: &'a [u8]) -> Option<Self> {
        const MAGIC: u16 = 0xeb9f;
        description.strip_prefix(&MAGIC.to_ne_bytes())?;
        let number = |at| word(description, at).map(|it| it as usize);
        let body = description.get(number(4)?..)?;
        let part = |from, length| body.get(from..)?.get(..length);
        let mut rest: &[u8] = part(number(8)?, number(12)?)?;
        let mut all = Vec::new();
        while !rest.is_empty() {
            let (one, behind) = Type::parse(rest)?;
            all.push(one);
            rest = behind;
        }
        let names = part(number(16)?, number(20)?)?;
        Some(Self { all, names })
    }

    /// They are numbered from 1.
    fn get(&self, number: u32) -> Option<Type<'a>> {
        let place = number.checked_sub(1)?;
        self.all.get(place as usize).copied()
    }

    /// The first with a name, and its number.
    fn named(&self, kind: u32, name: &str) -> Option<(u32, Type<'a>)> {
        let is_it = |one: &Type<'_>| one.kind == kind && self.name(one.name) == Some(name);
        let place = self.all.iter().position(is_it)?;
        Some((u32::try_from(place).ok()? + 1, self.all[place]))
    }

    fn name(&self, at: u32) -> Option<&'a str> {
        let from = self.names.get(at as usize..)?;
        str::from_utf8(from.split(|byte| *byte == 0).next()?).ok()
    }
}

impl<'a> Type<'a> {
    /// The first of some, and those behind it; nothing where it is of a kind that is newer than this.
    fn parse(types: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (head, rest) = types.split_at_checked(12)?;
        let information = word(head, 4)?;
        let kind = information >> 24 & 0x1f;
        let (members, behind) =
            rest.split_at_checked(members_bytes(kind, information & 0xffff)?)?;
        let one = Self {
            name: word(head, 0)?,
            kind,
            of: word(head, 8)?,
            members,
        };
        Some((one, behind))
    }
}

/// How long the members of a type are, which stand behind it.
fn members_bytes(kind: u32, members: u32) -> Option<usize> {
    let members = members as usize;
    Some(match kind {
        kind::INT | kind::VAR | kind::DECL_TAG => 4,
        kind::ARRAY => 12,
        kind::STRUCT | kind::UNION | kind::DATASEC | kind::ENUM64 => 12 * members,
        kind::ENUM | kind::FUNC_PROTO => 8 * members,
        0..=kind::TYPE_TAG => 0,
        _ => return None,
    })
}

/// A number, as this machine writes it.
fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..)?.first_chunk()?;
    Some(u32::from_ne_bytes(*four))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A description with these names and types.
    fn description(names: &[u8], types: &[u32]) -> Vec<u8> {
        let bytes =
            |words: &[u32]| -> Vec<u8> { words.iter().flat_map(|it| it.to_ne_bytes()).collect() };
        let types = bytes(types);
        let (all, strings) = (length(&types), length(names));
        let head = [&0xeb9f_u16.to_ne_bytes()[..], &[1, 0]].concat();
        let head = [head, bytes(&[24, 0, all, all, strings])].concat();
        [&head[..], &types, names].concat()
    }

    const NAMES: &[u8] = b"\0skb_drop_reason\0SKB_NOT_DROPPED_YET\0SKB_DROP_REASON_CPU_BACKLOG\0SKB_DROP_REASON_SUBSYS_MASK\0btf_trace_kfree_skb\0";

    /// Where a name is.
    fn at(name: &str) -> u32 {
        let wanted = [b"\0", name.as_bytes(), b"\0"].concat();
        let place = NAMES.windows(wanted.len()).position(|it| it == wanted);
        length(&NAMES[..=place.unwrap()])
    }

    fn length(bytes: &[u8]) -> u32 {
        u32::try_from(bytes.len()).unwrap()
    }

    /// An integer, the list, a function with these arguments, a pointer to it, and its name.
    fn kernel(arguments: [u32; 4]) -> Vec<u8> {
        let list = [
            [at("SKB_NOT_DROPPED_YET"), 0],
            [at("SKB_DROP_REASON_CPU_BACKLOG"), 2],
            [at("SKB_DROP_REASON_SUBSYS_MASK"), 0xffff_0000],
        ];
        let arguments = arguments.map(|of| [0, of]);
        let types = [
            &[0, kind::INT << 24, 4, 32][..],
            &[at("skb_drop_reason"), kind::ENUM << 24 | 3, 4],
            list.as_flattened(),
            &[0, kind::FUNC_PROTO << 24 | 4, 0],
            arguments.as_flattened(),
            &[0, 2 << 24, 3],
            &[at("btf_trace_kfree_skb"), kind::TYPEDEF << 24, 4],
        ];
        description(NAMES, &types.concat())
    }

    #[test]
    fn reasons_are_called_as_the_kernel_calls_them_and_found_where_it_hands_them_over() {
        for (arguments, place) in [([1, 1, 1, 2], 2), ([1, 2, 1, 1], 0)] {
            let reasons = Reasons::of(&kernel(arguments)).unwrap();
            assert_eq!(reasons.argument, place);
            assert_eq!(
                reasons.names,
                ["SKB_NOT_DROPPED_YET", "1", "CPU_BACKLOG", "other"]
            );
        }
    }

    #[test]
    fn a_kernel_that_hands_none_over_tells_none() {
        assert_eq!(Reasons::of(&kernel([1, 1, 1, 1])), None);
        let whole = kernel([1, 1, 1, 2]);
        assert_eq!(Reasons::of(&whole[..whole.len() / 2]), None);
        assert_eq!(Reasons::of(b"no description"), None);
        // A kind that is not known: nobody knows where the next type begins.
        assert_eq!(Reasons::of(&description(NAMES, &[0, 31 << 24, 0])), None);
    }

    #[test]
    fn this_kernel_has_more_than_a_few() {
        match Reasons::find() {
            Ok(reasons) => {
                assert!(reasons.names.iter().any(|name| name == "SOCKET_RCVBUFF"));
                assert!(reasons.names.len() < OF_PARTS as usize);
            }
            Err(error) => eprintln!("SKIPPED: {error}"),
        }
    }
}
