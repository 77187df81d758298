//! The veths of a lab, namespace by namespace.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::{Layout, Link, Pairing, Part, Place, Step};

/// The ends of veths in one namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Veths {
    /// The namespace.
    pub place: Place,
    /// What it is called in errors: `container 3`, `bridge br0`.
    pub owner: String,
    /// Their names.
    pub names: Vec<Cow<'static, str>>,
}

impl Layout {
    /// Every namespace that has ends of veths, with these.
    #[must_use]
    pub fn veths(&self) -> Vec<Veths> {
        let mut found = BTreeMap::<_, Vec<_>>::new();
        for (place, link) in self.ends() {
            found.entry(place).or_default().push(link.name.clone());
        }
        let with_owner = |(place, names)| Veths {
            place,
            owner: self.owner(place),
            names,
        };
        found.into_iter().map(with_owner).collect()
    }

    fn owner(&self, place: Place) -> String {
        match place {
            Place::Host(number) => self.hosts[number as usize].name.clone(),
            Place::Container(number) => format!("container {number}"),
        }
    }

    /// The ends of veths, each with where it is.
    pub(in crate::lab) fn ends(&self) -> impl Iterator<Item = (Place, &Link)> {
        let of_hosts = (0..).zip(&self.hosts).flat_map(|(number, host)| {
            let steps = host.foundation.iter().chain(&host.finish);
            steps.flat_map(move |step| of_step(number, step))
        });
        self.parts.iter().flat_map(of_part).chain(of_hosts)
    }
}

fn of_part(drawn: &Part) -> Vec<(Place, &Link)> {
    match drawn {
        Part::Cable(ends) => ends
            .iter()
            .map(|end| (Place::Container(end.container), &end.link))
            .collect(),
        Part::Port(port) if port.kind == Pairing::Veth => vec![
            (Place::Host(port.host), &port.near),
            (Place::Container(port.far.container), &port.far.link),
        ],
        Part::Port(_) | Part::Bare(_) | Part::Stacked(_) => Vec::new(),
    }
}

fn of_step(number: u32, step: &Step) -> Vec<(Place, &Link)> {
    match step {
        Step::Cable { here, host, there } => {
            vec![(Place::Host(number), here), (Place::Host(*host), there)]
        }
        Step::Set(..)
        | Step::Bridge(..)
        | Step::Tunnel(..)
        | Step::Sink(_)
        | Step::Raise(_)
        | Step::Pin(_)
        | Step::Redirect(_) => Vec::new(),
    }
}
