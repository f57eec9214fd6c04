#pragma once

#include <span>

namespace tests {

/// Peak amplitude of the sine of `hz` in 48 kHz samples (Goertzel's recurrence). Sharp when the
/// span holds whole periods: 4800 samples for multiples of 10 Hz.
double tone_amplitude(std::span<const float> samples, double hz);

/// Power of the given tones against all the rest, in dB.
double tones_snr_db(std::span<const float> samples, std::span<const double> tones_hz);

double rms_dbfs(std::span<const float> samples);
double peak(std::span<const float> samples);

/// The loudest 2.5 ms, as RMS in dBFS, of what is left above `above_hz`: a click is broadband, so
/// it shows where tones below that frequency do not.
double loudest_click_dbfs(std::span<const float> samples, double above_hz);

}  // namespace tests
