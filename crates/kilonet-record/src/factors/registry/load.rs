//! Keys of what is asked of flows beside the size of their messages.

use std::fmt;

use crate::factors::beside::Beside;
use crate::factors::cell::Cell;
use crate::factors::choice::{Choice, Chosen, Misfit, Name};
use crate::factors::field::Place::Traffic;
use crate::factors::field::Varies::{AtOneCount, OfOneWorkload};
use crate::factors::field::{Field, count_of, take, words, words_of};
use crate::factors::key::{Group, Key, NeedsWorkload, Part, Usual};
use crate::factors::load::{Arrivals, MOST_RATE, Search};
use crate::factors::rate::{self, Rate};
use crate::factors::takes::Takes;
use crate::factors::topology::Testbed;
use crate::factors::traffic::Driver;
use crate::factors::value::Count;
use crate::factors::workload::Workload;
use crate::units::{BitsPerSecond, Bytes, Unit};

use super::done;
use super::fitting::{carried, generators, lacks};
use super::names::{self, DRIVER, MOST_BYTES, MessageSize, TESTBED, WORKLOAD};

/// Where each request has a connection of its own, the next follows it.
const SEVERAL_REQUESTS: NeedsWorkload = NeedsWorkload {
    has: Workload::has_outstanding,
    lacking: "several requests over one connection",
};

const RESPONSES: NeedsWorkload = NeedsWorkload {
    has: Workload::has_responses,
    lacking: "responses",
};

/// What is silent sends nothing that could have times.
const MESSAGES: NeedsWorkload = NeedsWorkload {
    has: |workload| !workload.is_silent(),
    lacking: "requests, datagrams or a stream of bytes",
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
.shows(done::sizes)
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
.shows(done::in_flight)
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
    let paced = choice.find(names::RATE, Rate::is_of_messages);
    let stray = more.filter(|_| paced.is_some());
    let misfit = stray.map(|at| {
        at.misfit(
            "with a rate, requests are sent however many are in flight",
            "leave out one of `outstanding` and `rate`; each table of [[axes]] may have one of its own",
        )
    });
    misfit.into_iter().collect()
}

pub static RATE: Key<Rate> = Key::axis_of(names::RATE,
    Group::Load,
    "Messages per second offered to each flow, whether or not earlier ones are answered; for a stream of bytes, bits per second. \
     If absent, as fast as responses arrive, datagrams can be sent, or there is room.",
)
.also(&["bandwidth", "bitrate"])
.about(Part::Traffic)
.examples("`1000`, `100Mb/s`")
.sets(|cell, rate| match *rate {
    Rate::Messages(rate) => cell.load.rate = Some(rate),
    Rate::Bits(rate) => cell.load.rate_bps = Some(rate),
})
.or_else(|_| ())
.needs_workload(MESSAGES)
// A table with several workloads has those at a rate that have one of its unit.
.only_where(|cell| {
    let messages = cell.load.rate.map(Rate::Messages);
    let mut rates = messages.into_iter().chain(cell.load.rate_bps.map(Rate::Bits));
    rates.all(|rate| rate.is_of(cell.workload))
})
.fits(&[is_of_a_workload, is_of_one_unit, is_paced_by_us])
.fits_cells(has_messages_to_fill)
.told_to(|generator| generator.rate)
.shows(done::at_a_rate)
.fields(&[
    Field::integer(
        "rate",
        Unit::PerSecond,
        "Messages offered to each flow, answered or not; absent for a closed loop.",
        |cell| count_of(cell.load.rate),
        take!(load.rate),
    )
    .labelled(OfOneWorkload, str::to_owned)
    .level(|cell| Some(messages(cell)))
    .in_id(Traffic, |cell| cell.load.rate.map(|rate| format!("{rate}ps"))),
    Field::integer(
        "rate_bps",
        Unit::BitsPerSecond,
        "Bits a second offered to each flow of a stream of bytes; absent where it sends without pause.",
        |cell| count_of(cell.load.rate_bps),
        take!(load.rate_bps),
    )
    .within(1.0, 1e12)
    .labelled(OfOneWorkload, str::to_owned)
    .level(|cell| {
        let shown = |bits| BitsPerSecond(bits as f64).to_string();
        let rate = cell.load.rate_bps.map_or_else(|| "no rate".to_owned(), shown);
        cell.workload.is_byte_stream().then_some(rate)
    })
    .in_id(Traffic, |cell| cell.load.rate_bps.map(rate::in_id)),
]);

fn messages(cell: &Cell) -> String {
    match cell.load.rate {
        Some(rate) => format!("{rate}/s"),
        None if cell.workload.has_requests() => "closed loop".to_owned(),
        None => "no rate".to_owned(),
    }
}

/// A rate that is in the unit of no workload of the table would leave all of them without one.
fn is_of_a_workload(choice: &Choice) -> Vec<Misfit> {
    let workloads: Vec<_> = choice.values(WORKLOAD).collect();
    let Some(workload) = workloads.iter().find(|workload| !workload.is_silent()) else {
        return Vec::new();
    };
    let rates = choice.levels(names::RATE);
    let strange = rates.filter(|at| !workloads.iter().any(|workload| at.value.is_of(*workload)));
    let misfits = strange.map(|at| match at.value {
        Rate::Messages(_) => at.misfit(
            format!("{workload} is a stream of bytes: its rate is in bits a second"),
            "allowed with it: a rate such as \"100Mb/s\"",
        ),
        Rate::Bits(_) => at.misfit(
            format!("{workload} sends messages: its rate is how many of them are sent a second"),
            format!(
                "allowed with it: a whole number from 1 to {MOST_RATE}; a rate in bits a second is allowed with {}",
                Workload::listed(Workload::is_byte_stream)
            ),
        ),
    });
    misfits.collect()
}

/// Each message has a time of its own, of which there are no more a second than a rate of messages may have.
fn has_messages_to_fill(choice: &Choice, cells: &[Cell]) -> Vec<Misfit> {
    let classes = cells.iter().flat_map(Cell::classes);
    let mut rates = classes.filter_map(|class| class.orders.messages_per_s());
    let most = rates.find(|rate| *rate > f64::from(MOST_RATE));
    let both = in_bits(choice).zip(most);
    let misfit = both.map(|(at, rate)| {
        at.misfit(
            format!("it is {rate:.0} messages a second, and a flow sends {MOST_RATE} at most"),
            "allowed: a lower rate, or a larger `message`; if that is left out, messages follow from the rate",
        )
    });
    misfit.into_iter().collect()
}

/// The first rate that is in bits a second.
fn in_bits(choice: &Choice) -> Option<Chosen<Rate>> {
    choice.find(names::RATE, |rate| !rate.is_of_messages())
}

/// Every level meets every workload: beside one in the other unit, each workload would be tried without a rate as well.
fn is_of_one_unit(choice: &Choice) -> Vec<Misfit> {
    let messages = choice.find(names::RATE, Rate::is_of_messages);
    let misfit = in_bits(choice).zip(messages).map(|(at, _)| {
        at.misfit(
            "rates in messages a second and in bits a second are in one table, and each workload has one of them",
            "allowed: rates in one unit; each table of [[axes]] may have rates of its own",
        )
    });
    misfit.into_iter().collect()
}

/// Programs of others pace streams by timers of their own, and do not say how late they were.
fn is_paced_by_us(choice: &Choice) -> Vec<Misfit> {
    let told = generators(choice).filter(|(_, abilities)| abilities.rate);
    let misfits = told.filter_map(|(tool, _)| {
        let at = in_bits(choice)?;
        let allowed = "allowed with driver = \"threads\", \"workers\", \"processes\"";
        Some(lacks(
            tool,
            &at,
            "stream that is sent at given times",
            allowed,
        ))
    });
    misfits.collect()
}

pub static ARRIVALS: Key<Arrivals> = Key::axis(
    "arrivals",
    Group::Load,
    "Timing of messages that have a rate.",
)
.about(Part::Traffic)
.usual(Usual::Text("constant"))
.sets(|cell, arrivals| cell.load.arrivals = Some(*arrivals))
.only_where(|cell| cell.load.has_schedule() || cell.load.search != Search::None)
.fits(&[have_times])
.read_back("The schedule is drawn by it, and how late requests were is in the record.")
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
.read_back("Every window of the search is in the record, with its rate and loss.")
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
