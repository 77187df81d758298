//! What the kernel says of the links of a namespace: how they are set, and what they counted.
//!
//! Must not know what they are for. The invariant: what a kernel does not say is absent.

use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::link::{
    InfoBridge, InfoBridgePort, InfoData, InfoPortData, LinkAttribute, LinkInfo, LinkMessage,
    Stats64,
};

use super::Conversation;
use crate::error::Result;

/// A link, as the kernel lists it.
#[derive(Debug, Clone, Default)]
pub(in crate::lab) struct Listed {
    /// Its name.
    pub(in crate::lab) name: String,
    /// Its hardware address; empty where it has none.
    pub(in crate::lab) address: Vec<u8>,
    /// Bytes of its largest packet.
    pub(in crate::lab) mtu: u32,
    /// Bytes of the largest unit that it takes whole, of all protocols and of IPv4.
    pub(in crate::lab) units: [Option<u32>; 2],
    /// The number by which its namespace knows the one that its other end is in; absent where that is not another one.
    pub(in crate::lab) beyond: Option<i32>,
    /// What crossed it.
    pub(in crate::lab) counted: Stats64,
    /// Whether it is a bridge, and how that is set.
    pub(in crate::lab) bridge: Option<Bridge>,
    /// Whether it is a bridge's port, and how that is set.
    pub(in crate::lab) port: Option<Port>,
}

/// How a bridge is set.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::lab) struct Bridge {
    /// Whether it snoops memberships.
    pub(in crate::lab) snooping: bool,
    /// Whether it filters by VLAN.
    pub(in crate::lab) vlan_filtering: bool,
    /// After which time it forgets, in hundredths of a second.
    pub(in crate::lab) ageing_cs: u32,
}

/// How a port of a bridge is set.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::lab) struct Port {
    /// Whether what came by it may go back by it.
    pub(in crate::lab) hairpin: bool,
    /// Whether it is isolated.
    pub(in crate::lab) isolated: bool,
}

impl Conversation {
    /// Every link of the namespace.
    ///
    /// # Errors
    /// When the kernel does not answer.
    pub(in crate::lab) fn links(&mut self) -> Result<Vec<Listed>> {
        let question = RouteNetlinkMessage::GetLink(LinkMessage::default());
        let answers = self.dump(question, "the links of a namespace")?;
        let links = answers.into_iter().filter_map(|answer| match answer {
            RouteNetlinkMessage::NewLink(link) => Some(Listed::of(link)),
            _ => None,
        });
        Ok(links.collect())
    }
}

impl Listed {
    fn of(message: LinkMessage) -> Self {
        let mut listed = Self::default();
        for attribute in message.attributes {
            match attribute {
                LinkAttribute::IfName(name) => listed.name = name,
                LinkAttribute::Address(address) => listed.address = address,
                LinkAttribute::Mtu(mtu) => listed.mtu = mtu,
                LinkAttribute::GsoMaxSize(bytes) => listed.units[0] = Some(bytes),
                LinkAttribute::GsoIpv4MaxSize(bytes) => listed.units[1] = Some(bytes),
                LinkAttribute::LinkNetNsId(number) => listed.beyond = Some(number),
                LinkAttribute::Stats64(counted) => listed.counted = counted,
                LinkAttribute::LinkInfo(infos) => infos.iter().for_each(|it| listed.learn(it)),
                _ => {}
            }
        }
        listed
    }

    fn learn(&mut self, info: &LinkInfo) {
        match info {
            LinkInfo::Data(InfoData::Bridge(settings)) => {
                let bridge = self.bridge.get_or_insert_default();
                for setting in settings {
                    bridge.learn(setting);
                }
            }
            LinkInfo::PortData(InfoPortData::BridgePort(settings)) => {
                let port = self.port.get_or_insert_default();
                for setting in settings {
                    port.learn(setting);
                }
            }
            _ => {}
        }
    }
}

impl Bridge {
    fn learn(&mut self, setting: &InfoBridge) {
        match setting {
            InfoBridge::MulticastSnooping(on) => self.snooping = *on,
            InfoBridge::VlanFiltering(on) => self.vlan_filtering = *on,
            InfoBridge::AgeingTime(time) => self.ageing_cs = *time,
            _ => {}
        }
    }
}

impl Port {
    fn learn(&mut self, setting: &InfoBridgePort) {
        match setting {
            InfoBridgePort::HairpinMode(on) => self.hairpin = *on,
            InfoBridgePort::Isolated(on) => self.isolated = *on,
            _ => {}
        }
    }
}
