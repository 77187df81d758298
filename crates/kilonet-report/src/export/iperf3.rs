//! The shape of `iperf3 --json`: a file for each trial, with `start`, `intervals` and `end`.
//!
//! kilonet counts payload where it arrives, and a record has no addresses: a container stands for its host, and what is not
//! known is null. The invariant: `sum_received` is the record's goodput.

use std::io::{self, Write};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::grouped::each_trial;
use super::source::{Destination, Source, refusal};
use crate::error::Result;
use crate::store::Record;
use crate::store::folder::Manifest;
use crate::store::record::FlowRow;

/// Writes a file for each trial, failed ones too: these have iperf3's `error`.
pub(super) fn write(source: &Source, into: &mut dyn Destination) -> Result<Vec<String>> {
    each_trial(source, |record, flows| {
        let name = record.trial.file(".json");
        let trial = Trial {
            manifest: &source.run.manifest,
            record,
            flows,
        };
        let file = into.file(&name)?;
        save(&trial.test(), file).map_err(|error| refusal(into, &name, error))
    })
}

fn save(test: &Value, mut file: impl Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut file, test)?;
    writeln!(file)?;
    file.flush()
}

struct Trial<'a> {
    manifest: &'a Manifest,
    record: &'a Record,
    flows: &'a [FlowRow],
}

impl Trial<'_> {
    fn test(&self) -> Value {
        match &self.record.error {
            Some(error) => json!({
                "start": self.start(), "intervals": [], "end": {}, "error": error.sentence(),
            }),
            None => json!({
                "start": self.start(), "intervals": self.intervals(), "end": self.end(),
            }),
        }
    }

    fn start(&self) -> Value {
        let Self {
            manifest, record, ..
        } = self;
        let kernel = &manifest.fingerprint["kernel"];
        let word = |key: &str| kernel[key].as_str().unwrap_or_default();
        json!({
            "connected": self.connected(),
            "version": format!("kilonet {}", manifest.made_by()),
            "system_info": format!("Linux {} {}", word("release"), word("architecture")).trim_end(),
            "timestamp": self.timestamp(),
            "connecting_to": {"host": host(1), "port": null},
            "cookie": record.trial,
            "sndbuf_actual": record.effective.as_ref().and_then(|it| it.send_buffer_bytes),
            "rcvbuf_actual": record.effective.as_ref().and_then(|it| it.receive_buffer_bytes),
            "test_start": self.test_start(),
        })
    }

    /// Of a trial that has no window, when the run began.
    fn timestamp(&self) -> Value {
        let window = self.record.window.map(|window| window.start_unix_ns);
        let nanos = window.unwrap_or(self.manifest.started_unix_ns);
        let time = Timestamp::from_nanosecond(nanos.into()).ok();
        let time = time.map(|time| time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string());
        json!({"time": time, "timesecs": nanos / 1_000_000_000})
    }

    fn test_start(&self) -> Value {
        let cell = &self.record.cell;
        let omitted = self.manifest.settings["warmup_ns"].as_u64();
        json!({
            "protocol": if cell.workload.is_datagrams() { "UDP" } else { "TCP" },
            "num_streams": cell.flows(),
            "blksize": cell.message_bytes,
            "omit": omitted.map(seconds),
            "duration": self.duration(),
            "reverse": 0,
            "bidir": u8::from(cell.is_both_ways()),
        })
    }

    fn connected(&self) -> Vec<Value> {
        let of = |(socket, flow): (usize, &FlowRow)| {
            json!({
                "socket": socket,
                "local_host": host(flow.client), "local_port": null,
                "remote_host": host(flow.server), "remote_port": null,
            })
        };
        self.flows.iter().enumerate().map(of).collect()
    }

    /// The aggregate alone: flows have no samples of their own.
    fn intervals(&self) -> Vec<Value> {
        let Some(samples) = &self.record.samples else {
            return Vec::new();
        };
        let of = |(number, goodput_bps): (u64, &f64)| {
            let (start, end) = (
                number * samples.interval_ns,
                (number + 1) * samples.interval_ns,
            );
            json!({
                "streams": [],
                "sum": {
                    "start": seconds(start), "end": seconds(end), "seconds": seconds(end - start),
                    "bits_per_second": goodput_bps, "omitted": false, "sender": false,
                },
            })
        };
        (0..).zip(&samples.goodput_bps).map(of).collect()
    }

    fn end(&self) -> Value {
        let effective = self.record.effective.as_ref();
        let mut end = json!({
            "streams": self.streams(),
            "cpu_utilization_percent": self.cpu(),
            "sender_tcp_congestion": effective.and_then(|it| it.congestion.as_ref()),
        });
        if self.record.cell.workload.is_datagrams() {
            end["sum"] = self.sum_of_datagrams();
        } else {
            end["sum_sent"] = self.sum(true);
        }
        end["sum_received"] = self.sum(false);
        end
    }

    fn streams(&self) -> Vec<Value> {
        let of = |(socket, flow): (usize, &FlowRow)| {
            let side = |sender: bool| {
                json!({
                    "socket": socket, "start": 0, "end": self.duration(), "seconds": self.duration(),
                    "bytes": flow.bytes, "bits_per_second": flow.goodput_bps,
                    "retransmits": flow.retransmits.filter(|_| sender), "sender": sender,
                })
            };
            json!({"sender": side(true), "receiver": side(false)})
        };
        self.flows.iter().enumerate().map(of).collect()
    }

    /// What arrived, on both sides: the senders' own count is not kept.
    fn sum(&self, sender: bool) -> Value {
        let retransmits = self.record.counters.and_then(|it| it.retransmits);
        let bytes: u64 = self.flows.iter().map(|flow| flow.bytes).sum();
        json!({
            "start": 0, "end": self.duration(), "seconds": self.duration(),
            "bytes": (!self.flows.is_empty()).then_some(bytes),
            "bits_per_second": self.record.aggregate.map(|all| all.goodput_bps),
            "retransmits": retransmits.filter(|_| sender), "sender": sender,
        })
    }

    fn sum_of_datagrams(&self) -> Value {
        let counts = self.record.flows.and_then(|flows| flows.datagrams);
        let loss = self.record.aggregate.and_then(|all| all.loss_ratio);
        let mut sum = self.sum(false);
        sum["packets"] = json!(counts.map(|counts| counts.datagrams_sent));
        sum["lost_packets"] = json!(counts.map(|counts| counts.lost_datagrams));
        sum["lost_percent"] = json!(loss.map(|loss| 100.0 * loss));
        sum["jitter_ms"] = Value::Null;
        sum
    }

    /// The whole machine's, on which both ends of every flow are: there is no remote one.
    fn cpu(&self) -> Value {
        let window = self.record.window.filter(|window| window.duration_ns > 0);
        let percent = |nanos: u64| window.map(|it| 100.0 * nanos as f64 / it.duration_ns as f64);
        let (user, system) = self.record.cpu.map_or((None, None), |cpu| {
            (
                percent(cpu.user_ns),
                percent(cpu.system_ns + cpu.softirq_ns),
            )
        });
        let total = user.zip(system).map(|(user, system)| user + system);
        json!({
            "host_total": total, "host_user": user, "host_system": system,
            "remote_total": null, "remote_user": null, "remote_system": null,
        })
    }

    fn duration(&self) -> Option<f64> {
        self.record.window.map(|window| seconds(window.duration_ns))
    }
}

fn host(container: u32) -> String {
    format!("container-{container}")
}

fn seconds(nanos: u64) -> f64 {
    nanos as f64 / 1e9
}
