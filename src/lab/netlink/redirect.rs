//! Redirects by `tc`: whatever comes in by one link leaves by another.
//!
//! A link's ingress is where `tc` sees a frame before bridges, routes and rules do; the classifier u32 with one key of no bits
//! takes all of them, also where the kernel has no `matchall`. Must not know why.

use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::tc::{
    TcAction, TcActionAttribute, TcActionMirror, TcActionMirrorOption, TcActionOption,
    TcActionType, TcAttribute, TcFilterU32, TcFilterU32Option, TcHandle, TcHeader, TcMessage,
    TcMirror, TcMirrorActionType, TcOption, TcU32Key, TcU32Selector, TcU32SelectorFlags,
};

use super::Request;
use crate::error::Act;
use crate::lab::topology::Redirect;

/// The handle of a link's ingress, to which its filters belong.
const INGRESS: TcHandle = TcHandle {
    major: u16::MAX,
    minor: 0,
};

/// Every protocol.
const ETH_P_ALL: u16 = 3;

/// A place for filters at the first link's ingress, and there the one filter.
pub(in crate::lab) fn requests(redirect: &Redirect) -> [Request; 2] {
    let [from, to] = redirect.indexes;
    let object = redirect.names.join(" to ");
    let ask = |message| Request::create(message, Act::Redirect, object.clone());
    [
        ask(RouteNetlinkMessage::NewQueueDiscipline(ingress(from))),
        ask(RouteNetlinkMessage::NewTrafficFilter(filter(from, to))),
    ]
}

fn ingress(link: u32) -> TcMessage {
    let header = TcHeader {
        index: link.cast_signed(),
        handle: INGRESS,
        parent: TcHandle::INGRESS,
        ..TcHeader::default()
    };
    TcMessage::from_parts(header, vec![TcAttribute::Kind("ingress".to_owned())])
}

/// One of every protocol, at a priority that the kernel chooses.
fn filter(from: u32, to: u32) -> TcMessage {
    let every_protocol = TcHandle {
        major: 0,
        minor: ETH_P_ALL.to_be(),
    };
    let header = TcHeader {
        index: from.cast_signed(),
        parent: INGRESS,
        info: every_protocol.into(),
        ..TcHeader::default()
    };
    let options = [
        TcFilterU32Option::Selector(everything()),
        TcFilterU32Option::Action(vec![out_by(to)]),
    ];
    let attributes = vec![
        TcAttribute::Kind(TcFilterU32::KIND.to_owned()),
        TcAttribute::Options(options.map(TcOption::U32).to_vec()),
    ];
    TcMessage::from_parts(header, attributes)
}

fn everything() -> TcU32Selector {
    let mut selector = TcU32Selector::default();
    selector.flags = TcU32SelectorFlags::Terminal;
    selector.nkeys = 1;
    selector.keys = vec![TcU32Key::default()];
    selector
}

/// The frame is taken from the link's way in, and not copied.
fn out_by(link: u32) -> TcAction {
    let mut mirror = TcMirror::default();
    mirror.generic.action = TcActionType::Stolen;
    mirror.eaction = TcMirrorActionType::EgressRedir;
    mirror.ifindex = link;
    let parameters = TcActionOption::Mirror(TcActionMirrorOption::Parms(mirror));
    let mut action = TcAction::default();
    action.attributes = vec![
        TcActionAttribute::Kind(TcActionMirror::KIND.to_owned()),
        TcActionAttribute::Options(vec![parameters]),
    ];
    action
}
