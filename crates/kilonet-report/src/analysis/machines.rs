//! Whether the records of a run are of one machine and kernel, as its manifest describes one, and of one kilonet.
//!
//! Must not know what makes two machines or versions differ. The invariant: a record that does not say where it was made is of
//! no machine; one that does not say by what is of a kilonet that nobody knows.

use crate::store::folder::Run;
use crate::store::record::Record;
use crate::store::version::Version;

/// The trials that have something in common.
struct Group<'a> {
    name: String,
    first: &'a str,
    trials: usize,
}

/// Names the machines and kernels, and the versions of kilonet, where there are several.
pub(super) fn notes(run: &Run) -> impl Iterator<Item = String> {
    [machines(&run.records), versions(run)]
        .into_iter()
        .flatten()
}

fn machines(records: &[Record]) -> Option<String> {
    let groups = among(records, |record| record.machine.clone());
    let (number, named) = several(&groups)?;
    Some(format!(
        "the records come from {number} machines or kernels, and the manifest describes one: {named}; a curve through several \
         describes none of them"
    ))
}

fn versions(run: &Run) -> Option<String> {
    let unknown = Version {
        number: run.manifest.version.clone(),
        build: None,
    };
    let groups = among(&run.records, |record| {
        let version = record.made_by();
        Some(version.as_ref().unwrap_or(&unknown).to_string())
    });
    let (number, named) = several(&groups)?;
    Some(format!(
        "the records come from {number} versions of kilonet: {named}; if figures differ, the version may be the reason"
    ))
}

/// How many there are, and which; absent where there is one, or none.
fn several(groups: &[Group<'_>]) -> Option<(usize, String)> {
    let named: Vec<_> = groups.iter().map(Group::words).collect();
    (groups.len() > 1).then(|| (groups.len(), named.join(" and ")))
}

/// In the order of their first records.
fn among(records: &[Record], name: impl Fn(&Record) -> Option<String>) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for record in records {
        let Some(name) = name(record) else {
            continue;
        };
        match groups.iter_mut().find(|group| group.name == name) {
            Some(group) => group.trials += 1,
            None => groups.push(Group {
                name,
                first: &record.trial,
                trials: 1,
            }),
        }
    }
    groups
}

impl Group<'_> {
    fn words(&self) -> String {
        let Self {
            name,
            first,
            trials,
        } = self;
        let trials = match trials {
            1 => "1 trial".to_owned(),
            many => format!("{many} trials, the first"),
        };
        format!("{name} ({trials} {first})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Topology;
    use crate::store::sample::{cell, measured, run};
    use crate::store::version::Build;

    fn on(machine: Option<&str>, containers: u32) -> Record {
        Record {
            machine: machine.map(str::to_owned),
            ..measured(cell(Topology::Veth, containers), 0)
        }
    }

    fn notes(records: &[Record]) -> Vec<String> {
        super::notes(&run(records.to_vec())).collect()
    }

    #[test]
    fn versions_are_named_where_there_are_several_and_the_unknown_is_one() {
        let by = |commit: Option<&str>, containers| {
            let build = commit.map(|commit| Build {
                commit: Some(commit.to_owned()),
                ..Build::default()
            });
            Record {
                version: build.is_some().then(|| "0.2.0".to_owned()),
                build,
                ..measured(cell(Topology::Veth, containers), 0)
            }
        };
        let records = [by(None, 2), by(Some("abc"), 4), by(Some("abc"), 8)];
        assert_eq!(notes(&records[..1]), [""; 0]);
        assert_eq!(notes(&records[1..]), [""; 0]);
        assert_eq!(
            notes(&records),
            [
                "the records come from 2 versions of kilonet: 0.1.0 (of an unknown commit) (1 trial veth-ipv4-c2-a2-r0) and 0.2.0 \
              (commit abc) (2 trials, the first veth-ipv4-c4-a4-r0); if figures differ, the version may be the reason"
            ]
        );
    }

    #[test]
    fn machines_are_named_where_there_are_several_though_their_cells_differ() {
        let (old, new) = (Some("EPYC, Linux 6.1"), Some("EPYC, Linux 6.12"));
        let records = [on(None, 2), on(old, 4), on(new, 8), on(old, 16)];
        assert_eq!(notes(&records[..2]), [""; 0]);
        assert_eq!(
            notes(&records),
            [
                "the records come from 2 machines or kernels, and the manifest describes one: EPYC, Linux 6.1 (2 trials, the first \
                 veth-ipv4-c4-a4-r0) and EPYC, Linux 6.12 (1 trial veth-ipv4-c8-a8-r0); a curve through several describes none \
                 of them"
            ]
        );
    }

    #[test]
    fn records_that_do_not_say_are_of_none() {
        assert_eq!(notes(&[on(None, 2), on(None, 4)]), [""; 0]);
    }
}
