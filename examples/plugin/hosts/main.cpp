#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "guard.hpp"
#include "host.hpp"

/// A host without a screen: reads commands from standard input, one a line, and answers each with a line of JSON.
namespace {

using Clock = std::chrono::steady_clock;

class Stage {
 public:
  Stage(std::unique_ptr<Hosted> plugin) : plugin_(std::move(plugin)) {}

  std::string obey(std::istringstream& in) {
    std::string word;
    in >> word;
    std::ostringstream out;
    if (word == "activate") {
      in >> rate_ >> block_;
      left_.resize(block_), right_.resize(block_);
      plugin_->activate(rate_, block_);
    } else if (word == "deactivate") {
      plugin_->deactivate();
    } else if (word == "set") {
      const HostParam& one = param(in);
      plugin_->set(one, number(in));
    } else if (word == "get") {
      const HostParam& one = param(in);
      out << "\"value\":" << plugin_->get(one) << ",\"text\":\"" << plugin_->text(one) << '"';
    } else if (word == "params") {
      const char* comma = "\"params\":[";
      for (const HostParam& one : plugin_->params) {
        out << comma << "{\"name\":\"" << one.name << "\",\"min\":" << one.min << ",\"max\":" << one.max << "}";
        comma = ",";
      }
      out << "]";
    } else if (word == "latency") {
      out << "\"latency\":" << plugin_->latency();
    } else if (word == "note") {
      HostNote note;
      note.frame = static_cast<uint32_t>(number(in));
      note.key = static_cast<uint8_t>(number(in));
      note.velocity = static_cast<uint8_t>(number(in));
      notes_.push_back(note);
    } else if (word == "run") {
      run(static_cast<uint64_t>(number(in)), out);
    } else if (word == "hear") {
      pace(number(in), [] { return false; }, true);
    } else if (word == "idle") {
      pace(number(in), [] { return false; });
    } else if (word == "until") {
      const HostParam& one = param(in);
      const double value = number(in), seconds = number(in);
      const auto begin = Clock::now();
      const bool met = pace(seconds, [&] { return plugin_->get(one) == value; });
      out << "\"met\":" << (met ? "true" : "false") << ",\"seconds\":" << since(begin) << ",\"text\":\""
          << plugin_->text(one) << '"';
    } else if (word == "playing") {
      song_.playing = number(in) != 0;
    } else if (word == "song") {
      song_.tempo = number(in);
      song_.beat = number(in);
    } else if (word == "guard") {
      guarded_ = number(in) != 0;
    } else if (word == "dump") {
      std::ofstream file(path(in), std::ios::binary);
      file.write(reinterpret_cast<const char*>(heard_.data()),
                 static_cast<std::streamsize>(heard_.size() * sizeof(float)));
      out << "\"frames\":" << heard_.size() << ",\"alike\":" << (alike_ ? "true" : "false");
      heard_.clear();
    } else if (word == "save") {
      const std::vector<uint8_t> state = plugin_->save();
      std::ofstream(path(in), std::ios::binary)
          .write(reinterpret_cast<const char*>(state.data()), static_cast<std::streamsize>(state.size()));
    } else if (word == "load") {
      std::ifstream file(path(in), std::ios::binary);
      plugin_->load(std::vector<uint8_t>(std::istreambuf_iterator<char>(file), {}));
    } else {
      throw std::runtime_error("no command " + word);
    }
    return out.str();
  }

 private:
  static double number(std::istringstream& in) {
    double value;
    if (!(in >> value)) throw std::runtime_error("a number is missing");
    return value;
  }
  static std::string path(std::istringstream& in) {
    std::string text;
    std::getline(in >> std::ws, text);
    return text;
  }
  static double since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

  /// By its name, with _ for blanks.
  const HostParam& param(std::istringstream& in) {
    std::string name;
    in >> name;
    std::replace(name.begin(), name.end(), '_', ' ');
    for (const HostParam& one : plugin_->params)
      if (one.name == name) return one;
    throw std::runtime_error("no parameter " + name);
  }

  void step(uint32_t frames) {
    now_.clear();
    for (HostNote& note : notes_)
      if (note.frame < frames) now_.push_back(note);
    notes_.erase(std::remove_if(notes_.begin(), notes_.end(), [&](const HostNote& n) { return n.frame < frames; }),
                 notes_.end());
    for (HostNote& note : notes_) note.frame -= frames;
    armGuard(guarded_);
    plugin_->process(left_.data(), right_.data(), frames, now_, song_);
    armGuard(false);
    if (song_.playing) song_.beat += frames / rate_ * song_.tempo / 60;
    alike_ = alike_ && std::memcmp(left_.data(), right_.data(), frames * sizeof(float)) == 0;
  }

  void run(uint64_t frames, std::ostringstream& out) {
    std::vector<double> times;
    for (uint64_t done = 0; done < frames;) {
      const auto count = static_cast<uint32_t>(std::min<uint64_t>(block_, frames - done));
      const auto begin = Clock::now();
      step(count);
      times.push_back(since(begin) * 1e6);
      heard_.insert(heard_.end(), left_.begin(), left_.begin() + count);
      done += count;
    }
    std::sort(times.begin(), times.end());
    out << "\"medianUs\":" << times[times.size() / 2] << ",\"p99Us\":" << times[times.size() * 99 / 100]
        << ",\"mostUs\":" << times.back();
  }

  /// Blocks at the pace at which a sound card would ask for them.
  template <typename Met>
  bool pace(double seconds, Met met, bool keep = false) {
    const auto begin = Clock::now();
    for (uint64_t done = 0; !met(); done += block_) {
      if (since(begin) > seconds) return false;
      step(block_);
      if (keep) heard_.insert(heard_.end(), left_.begin(), left_.end());
      std::this_thread::sleep_until(begin + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(
                                                static_cast<double>(done + block_) / rate_)));
    }
    return true;
  }

  std::unique_ptr<Hosted> plugin_;
  double rate_ = 48000;
  uint32_t block_ = 256;
  HostSong song_;
  bool guarded_ = true, alike_ = true;
  std::vector<float> left_, right_, heard_;
  std::vector<HostNote> notes_, now_;
};

}  // namespace

int main(int count, char** words) {
  const std::string format = count > 1 ? words[1] : "";
  // Shows that the guard guards.
  if (format == "guard") {
    armGuard(true);
    if (count > 2 && std::string(words[2]) == "lock") {
      static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
      pthread_mutex_lock(&lock);
    } else {
      std::printf("%p\n", std::malloc(16));
    }
    return 0;
  }
  try {
    if (count != 3) throw std::runtime_error("usage: host clap|vst3 FILE");
    Stage stage(format == "clap" ? openClap(words[2]) : openVst3(words[2]));
    for (std::string line; std::getline(std::cin, line) && line != "quit";) {
      std::istringstream in(line);
      const std::string said = stage.obey(in);
      std::cout << "{" << said << "}" << std::endl;
    }
  } catch (const std::exception& error) {
    std::cerr << "host: " << error.what() << std::endl;
    return 1;
  }
  return 0;
}
