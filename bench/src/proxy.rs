//! A TCP proxy that delivers everything late: the network between an application and its database.
//! Each piece is held for the delay from its own arrival, so pieces sent together arrive together
//! and a pipeline stays one.

use crate::connection::Connection;
use anyhow::{Context, Result};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// How long before its time a sleeper wakes up and waits actively: timers are late by about this.
const AWAKE: Duration = Duration::from_micros(60);

pub struct Proxy {
    /// Where to connect instead of to the server.
    pub address: SocketAddr,
    /// Delay each way, in nanoseconds.
    delay: Arc<AtomicU64>,
}

impl Proxy {
    /// Starts the proxy; it ends with the program.
    pub fn start(server: SocketAddr, round_trip: Duration) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("starting the proxy")?;
        let address = listener.local_addr().context("starting the proxy")?;
        let delay = Arc::new(AtomicU64::new(nanoseconds(round_trip / 2)));
        let shared = Arc::clone(&delay);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // A connection that fails is seen by its client; the proxy goes on.
                let _ = join(&client, server, &shared);
            }
        });
        Ok(Self { address, delay })
    }

    /// Corrects the delay until a round trip through the proxy takes longer than a direct one by
    /// what was asked for, and returns by how much it does.
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

/// One direction: a thread that reads and stamps, and one that waits and writes.
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
        // The other side learns of the end from the closed socket; it may be gone already.
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
