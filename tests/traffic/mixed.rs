//! Flows that do different things at once, each counted for what it does.

use kilonet::scenario::{Load, Orders, Workload};
use kilonet::traffic::{Flow, FlowStatus};

use super::lab::Lab;
use super::{DRIVERS, alone, measured, settings};

fn with(flow: Flow, workload: Workload) -> Flow {
    let load = Load {
        response_bytes: workload.has_responses().then_some(16),
        ..Load::default()
    };
    let orders = Orders {
        workload,
        message_bytes: 16,
        load,
    };
    Flow { orders, ..flow }
}

#[test]
fn each_flow_does_what_it_was_told_to() {
    let Some(_alone) = alone() else { return };
    for driver in DRIVERS {
        let lab = Lab::new(2);
        let [stream, rr, datagrams, idle]: [_; 4] = lab.pairs(4).try_into().unwrap();
        let flows = [
            stream,
            with(rr, Workload::TcpRr),
            with(datagrams, Workload::UdpRr),
            with(idle, Workload::Idle),
        ];

        let outcome = measured(&lab, &flows, &settings(driver));

        let flows = &outcome.flows;
        assert!(
            flows.iter().all(|flow| flow.status == FlowStatus::Ok),
            "{driver}: {flows:?}"
        );
        assert!(flows[0].window_bytes > 0 && flows[0].latency.is_none());
        for asked in &flows[1..3] {
            let timed = asked.latency.as_ref().unwrap().count();
            assert!(timed > 0, "{driver}: {asked:?}");
            assert_eq!(asked.transactions, timed, "{driver}");
        }
        let said = (
            flows[3].sent_bytes,
            flows[3].total_bytes,
            flows[3].returned_bytes,
        );
        assert_eq!(said, (0, 0, 0), "{driver}");
        // A connection that nothing is said over was there all the same: the kernel says so at its end.
        assert_eq!(flows[3].info_bytes, Some(0), "{driver}");
    }
}
