//! A TCP proxy that delays every piece of data, like a network between an application and its database. The delay of
//! each piece begins at its arrival, so pieces that are sent together arrive together, and a pipeline stays a pipeline.

use crate::connection::Connection;
use anyhow::{Context, Result};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// A thread wakes up this long before its time and then waits actively, because timers are late by about this time.
const AWAKE: Duration = Duration::from_micros(60);

pub struct Proxy {
    /// The address for clients, instead of the server's.
    pub address: SocketAddr,
    /// The delay in each direction, in nanoseconds.
    delay: Arc<AtomicU64>,
}

impl Proxy {
    /// Starts the proxy. It ends with the program.
    pub fn start(server: SocketAddr, round_trip: Duration) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("starting the proxy")?;
        let address = listener.local_addr().context("starting the proxy")?;
        let delay = Arc::new(AtomicU64::new(nanoseconds(round_trip / 2)));
        let shared = Arc::clone(&delay);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // The client sees that its connection failed. The proxy serves other clients.
                let _ = join(&client, server, &shared);
            }
        });
        Ok(Self { address, delay })
    }

    /// Adjusts the delay until a round trip through the proxy takes `round_trip` longer than a direct one. Returns the
    /// difference that was reached.
    pub fn calibrate(
        &self,
        round_trip: Duration,
        direct: &mut Connection,
        delayed: &mut Connection,
    ) -> Result<Duration> {
        let mut added = Duration::ZERO;
        for _ in 0..4 {
            added = ping(delayed)?.saturating_sub(ping(direct)?);
            let one_way = i128::from(self.delay.load(Ordering::Relaxed));
            let error = i128::from(nanoseconds(round_trip)) - i128::from(nanoseconds(added));
            let corrected = u64::try_from(one_way + error / 2).unwrap_or(0);
            self.delay.store(corrected, Ordering::Relaxed);
        }
        let last = ping(delayed)?.saturating_sub(ping(direct)?);
        Ok(if last.is_zero() { added } else { last })
    }
}

/// The median round trip of a Sync.
fn ping(connection: &mut Connection) -> Result<Duration> {
    let mut times = Vec::new();
    for _ in 0..200 {
        let start = Instant::now();
        connection.ping()?;
        times.push(start.elapsed());
    }
    times.sort();
    Ok(times.get(times.len() / 2).copied().unwrap_or_default())
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

fn join(client: &TcpStream, server: SocketAddr, delay: &Arc<AtomicU64>) -> std::io::Result<()> {
    let server = TcpStream::connect(server)?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    relay(client.try_clone()?, server.try_clone()?, Arc::clone(delay));
    relay(server, client.try_clone()?, Arc::clone(delay));
    Ok(())
}

/// Forwards one direction: one thread reads and records arrival times, another one waits and writes.
fn relay(mut from: TcpStream, mut to: TcpStream, delay: Arc<AtomicU64>) {
    let (sender, pieces) = mpsc::channel::<(Instant, Vec<u8>)>();
    thread::spawn(move || {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            let due = Instant::now() + Duration::from_nanos(delay.load(Ordering::Relaxed));
            let piece = buffer.get(..length).unwrap_or_default().to_vec();
            if sender.send((due, piece)).is_err() {
                break;
            }
        }
    });
    thread::spawn(move || {
        for (due, piece) in pieces {
            wait_until(due);
            if to.write_all(&piece).is_err() {
                break;
            }
        }
        // The peer sees the closed socket. It may have closed it already.
        let _ = to.shutdown(Shutdown::Both);
    });
}

fn wait_until(due: Instant) {
    let left = due.saturating_duration_since(Instant::now());
    if left > AWAKE {
        thread::sleep(left.saturating_sub(AWAKE));
    }
    while Instant::now() < due {
        std::hint::spin_loop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_arrive_late_in_order_and_together() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let proxy =
            Proxy::start(listener.local_addr().unwrap(), Duration::from_millis(20)).unwrap();
        let mut client = TcpStream::connect(proxy.address).unwrap();
        let (mut server, _) = listener.accept().unwrap();
        let start = Instant::now();
        client.write_all(b"one").unwrap();
        client.write_all(b"two").unwrap();
        let mut text = [0; 6];
        server.read_exact(&mut text).unwrap();
        let took = start.elapsed();
        assert_eq!(&text, b"onetwo");
        assert!(
            took >= Duration::from_millis(10) && took < Duration::from_millis(18),
            "{took:?}"
        );
    }
}
