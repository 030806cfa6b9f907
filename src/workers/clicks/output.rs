//! Sound on Linux, through the protocol of PulseAudio and PipeWire, in pure Rust: no
//! system library is needed, neither to build nor to start.

use std::sync::{Arc, Mutex};

use pulseaudio::protocol::stream::{BufferAttr, StreamFlags};
use pulseaudio::protocol::{
    ChannelMap, ChannelVolume, DEFAULT_SINK, PlaybackStreamParams, SampleFormat, SampleSpec,
};
use pulseaudio::{AsPlaybackSource, Client, ClientError, PlaybackStream};

use super::lock;
use super::synth::{Mixer, RATE_HZ};

/// Bytes of a sample.
const SAMPLE: usize = size_of::<f32>();
/// Sound that waits in the server, ms: a click is heard so much later.
const LATENCY_MS: u32 = 40;

/// A stream that plays until it is dropped.
pub struct Output {
    _stream: PlaybackStream,
    _client: Client,
}

impl Output {
    /// Plays what the mixer makes.
    ///
    /// # Errors
    /// Why there is no sound, in words.
    pub fn open(mixer: Arc<Mutex<Mixer>>) -> Result<Self, String> {
        let client = Client::from_env(c"Spikescope").map_err(|e| said(&e))?;
        let mut samples = Vec::new();
        let source = move |bytes: &mut [u8]| {
            samples.resize(bytes.len() / SAMPLE, 0.0);
            lock(&mixer).fill(&mut samples);
            for (to, sample) in bytes.chunks_exact_mut(SAMPLE).zip(&samples) {
                to.copy_from_slice(&sample.to_le_bytes());
            }
            samples.len() * SAMPLE
        };
        let params = PlaybackStreamParams {
            sample_spec: SampleSpec {
                format: SampleFormat::Float32Le,
                channels: 1,
                sample_rate: RATE_HZ,
            },
            channel_map: ChannelMap::mono(),
            cvolume: Some(ChannelVolume::norm(1)),
            sink_name: Some(DEFAULT_SINK.to_owned()),
            buffer_attr: BufferAttr {
                target_length: RATE_HZ * LATENCY_MS / 1000 * SAMPLE as u32,
                ..BufferAttr::default()
            },
            flags: StreamFlags { adjust_latency: true, ..StreamFlags::default() },
            ..PlaybackStreamParams::default()
        };
        let stream = client.create_playback_stream(params, source.as_playback_source());
        let stream = pollster::block_on(stream).map_err(|e| said(&e))?;
        Ok(Self { _stream: stream, _client: client })
    }
}

fn said(error: &ClientError) -> String {
    match error {
        ClientError::ServerUnavailable => {
            "no sound server (PipeWire or PulseAudio) is running".to_owned()
        }
        ClientError::Io(e) => format!("the sound server does not answer ({e})"),
        ClientError::ServerError(e) => format!("the sound server refuses ({e})"),
        other => format!("the sound server and Spikescope do not understand each other ({other})"),
    }
}
