//! Keys of what is asked of flows beside the size of their messages.

use std::fmt;

use crate::factors::beside::Beside;
use crate::factors::cell::Cell;
use crate::factors::choice::{Choice, Misfit, Name};
use crate::factors::field::Place::Traffic;
use crate::factors::field::Varies::{AtOneCount, OfOneWorkload};
use crate::factors::field::{Field, count_of, take, words, words_of};
use crate::factors::key::{Group, Key, NeedsWorkload, Part, Usual};
use crate::factors::load::{Arrivals, MOST_RATE, Search};
use crate::factors::takes::Takes;
use crate::factors::topology::Testbed;
use crate::factors::traffic::Driver;
use crate::factors::value::Count;
use crate::factors::workload::Workload;
use crate::units::{Bytes, Unit};

use super::fitting::carried;
use super::names::{self, DRIVER, MOST_BYTES, MessageSize, TESTBED};

/// Where each request has a connection of its own, the next follows it.
const SEVERAL_REQUESTS: NeedsWorkload = NeedsWorkload {
    has: Workload::has_outstanding,
    lacking: "several requests over one connection",
};

const RESPONSES: NeedsWorkload = NeedsWorkload {
    has: Workload::has_responses,
    lacking: "responses",
};

/// A stream of bytes has no messages that could have times.
const MESSAGES: NeedsWorkload = NeedsWorkload {
    has: Workload::has_rate,
    lacking: "requests or datagrams",
};

pub(super) const DATAGRAMS: NeedsWorkload = NeedsWorkload {
    has: Workload::is_datagram_stream,
    lacking: "a stream of datagrams",
};

pub static RESPONSE: Key<MessageSize> = Key::<MessageSize>::axis(
    "response",
    Group::Load,
    "Bytes of a response; as many as the request has if absent.",
)
.also(&["reply"])
.about(Part::Traffic)
.examples("`1`, `1KiB`")
.sets(|cell, response| cell.load.response_bytes = Some(response.0))
.or_else(|cell| cell.load.response_bytes = Some(cell.message_bytes))
.needs_workload(RESPONSES)
.fits(&[|choice| carried(choice, RESPONSE.named())])
.fields(&[Field::integer(
    "response_bytes",
    Unit::Bytes,
    "A response; absent for workloads without.",
    |cell| count_of(cell.load.response_bytes),
    take!(load.response_bytes),
)
.within(1.0, MOST_BYTES)
.labelled(OfOneWorkload, |level| format!("{level} responses"))
.level(|cell| Some(Bytes(u64::from(cell.load.response_bytes?)).to_string()))]);

pub static OUTSTANDING: Key<Count<1, 1024>> = Key::<Count<1, 1024>>::axis(
    "outstanding",
    Group::Load,
    "Requests that a flow may have in flight at once, if no rate is given.",
)
.about(Part::Traffic)
.usual(Usual::Number("1"))
.sets(|cell, outstanding| {
    cell.load.outstanding = Some(outstanding.0).filter(|count| *count != 1);
})
.needs_workload(SEVERAL_REQUESTS)
.only_where(|cell| cell.load.rate.is_none())
.fits(&[are_awaited])
.fields(&[Field::integer(
    "outstanding",
    Unit::Plain,
    "Requests that a flow may have in flight at once; absent where that is 1.",
    |cell| count_of(cell.load.outstanding),
    take!(load.outstanding),
)
.labelled(AtOneCount, |level| format!("{level} in flight"))
.level(|cell| Some(cell.load.outstanding().to_string()))
.in_id(Traffic, |cell| {
    cell.load.outstanding.map(|count| format!("o{count}"))
})]);

/// A rate is kept whatever is under way.
fn are_awaited(choice: &Choice) -> Vec<Misfit> {
    let more = choice.find(OUTSTANDING.named(), |count| count.0 != 1);
    let stray = more.filter(|_| choice.first(names::RATE).is_some());
    let misfit = stray.map(|at| {
        at.misfit(
            "with a rate, requests are sent however many are in flight",
            "leave out one of `outstanding` and `rate`",
        )
    });
    misfit.into_iter().collect()
}

pub static RATE: Key<Count<1, { MOST_RATE }>> = Key::axis_of(names::RATE,
    Group::Load,
    "Messages per second offered to each flow, whether or not earlier ones are answered; if absent, as fast as responses arrive \
     or datagrams can be sent.",
)
.also(&["bandwidth", "bitrate"])
.about(Part::Traffic)
.examples("`1000`")
.sets(|cell, rate| cell.load.rate = Some(rate.0))
.or_else(|_| ())
.needs_workload(MESSAGES)
    .told_to(|generator| generator.rate)
.fields(&[Field::integer(
    "rate",
    Unit::PerSecond,
    "Messages offered to each flow, answered or not; absent for a closed loop.",
    |cell| count_of(cell.load.rate),
    take!(load.rate),
)
.labelled(OfOneWorkload, str::to_owned)
    .level(|cell| Some(rate(cell)))
.in_id(Traffic, |cell| cell.load.rate.map(|rate| format!("{rate}ps")))]);

fn rate(cell: &Cell) -> String {
    match cell.load.rate {
        Some(rate) => format!("{rate}/s"),
        None if cell.workload.has_requests() => "closed loop".to_owned(),
        None => "no rate".to_owned(),
    }
}

pub static ARRIVALS: Key<Arrivals> = Key::axis(
    "arrivals",
    Group::Load,
    "Timing of messages that have a rate.",
)
.about(Part::Traffic)
.usual(Usual::Text("constant"))
.sets(|cell, arrivals| cell.load.arrivals = Some(*arrivals))
.only_where(|cell| cell.load.rate.is_some() || cell.load.search != Search::None)
.fits(&[have_times])
.fields(&[Field::text(
    "arrivals",
    "Their timing; absent for a closed loop.",
    |cell| words_of(cell.load.arrivals.as_ref()),
    take!(load.arrivals),
)
.labelled(AtOneCount, |level| format!("{level} arrivals"))
.in_id(Traffic, |cell| {
    let unusual = cell.load.arrivals.filter(|it| *it != Arrivals::Constant);
    unusual.map(|arrivals| arrivals.to_string())
})]);

/// Times that nobody keeps cannot lie in any way.
fn have_times(choice: &Choice) -> Vec<Misfit> {
    let searched = !choice.has(names::SEARCH, &Search::None);
    let timed = searched || choice.first(names::RATE).is_some();
    let poisson = choice.find(ARRIVALS.named(), |arrivals| *arrivals == Arrivals::Poisson);
    let misfit = poisson.filter(|_| !timed).map(|at| {
        at.misfit(
            "without a rate, a request follows its response",
            "allowed with it: a rate, or a search for one",
        )
    });
    misfit.into_iter().collect()
}

pub static SEARCH: Key<Search> = Key::axis_of(names::SEARCH,
    Group::Load,
    "Finds the highest rate of datagrams whose loss stays within this share, by bisection in up to 9 windows of a trial; starts \
     at `rate`, if that is given.",
)
.also(&["loss"])
.about(Part::Traffic)
.usual(Usual::Text("none"))
.sets(|cell, search| cell.load.search = *search)
.needs_workload(DATAGRAMS)
    .fits(&[goes_with_the_rest])
.takes(|cell| Takes {
    windows: cell.load.search.most_windows() - 1,
    ..Takes::default()
})
.fields(&[Field::text(
    "search",
    "Loss that the search for the highest rate accepts; `none` where there is no search.",
    |cell| words(&cell.load.search),
    take!(load.search),
)
.labelled(AtOneCount, |level| match level {
        "none" => "no search".to_owned(),
        accepted => format!("highest rate at {accepted} loss"),
    })
// A per cent sign is not safe in a file's name.
.in_id(Traffic, |cell| {
    let search = cell.load.search;
    (search != Search::None).then(|| format!("search{search}").replace('%', "p"))
})]);

/// A search takes flows that are all alike, and a lab that is measured again and again.
fn goes_with_the_rest(choice: &Choice) -> Vec<Misfit> {
    let ours = |driver: &Driver| [Driver::Threads, Driver::Workers].contains(driver);
    let strangers = [
        first_other(choice, DRIVER, ours).zip(Some("driver = \"threads\", \"workers\"")),
        first_other(choice, TESTBED, |it| *it == Testbed::Kernel).zip(Some("testbed = \"kernel\"")),
        first_other(choice, names::BESIDE, Beside::is_none).zip(Some("beside = \"none\"")),
    ];
    let Some(at) = choice.find(names::SEARCH, |search| *search != Search::None) else {
        return Vec::new();
    };
    let misfits = strangers.into_iter().flatten().map(|(stranger, allowed)| {
        let message = format!("{stranger} cannot be combined with a search");
        at.misfit(message, format!("allowed with it: {allowed}"))
    });
    misfits.collect()
}

/// The first level of a key that does not go with something, after the key.
fn first_other<T: Clone + fmt::Display + 'static>(
    choice: &Choice,
    key: Name<T>,
    goes: impl Fn(&T) -> bool,
) -> Option<String> {
    let other = choice.find(key, |level| !goes(level))?;
    Some(format!("{} {}", key.word(), other.value))
}
