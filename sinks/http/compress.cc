#include "sinks/http/compress.h"

#include <zlib.h>

namespace rebuf::sinks::http {
namespace {

constexpr int zstd_level = 3;  // zstd's own default

bool gzip(std::string_view in, std::string& out) {
  constexpr int gzip_window_bits = 15 + 16;  // the largest window, with a gzip header
  constexpr int memory_level = 8;            // zlib's own default
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, gzip_window_bits, memory_level,
                   Z_DEFAULT_STRATEGY) != Z_OK)
    return false;
  out.resize(deflateBound(&stream, in.size()));
  // zlib's interface is not const-correct and counts in 32 bits: bodies are far smaller than that.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const bool done = deflate(&stream, Z_FINISH) == Z_STREAM_END;
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return done;
}

}  // namespace

std::string_view encoding_name(HttpCompression compression) noexcept {
  switch (compression) {
    case HttpCompression::gzip:
      return "gzip";
    case HttpCompression::zstd:
      return "zstd";
    case HttpCompression::none:
      break;
  }
  return {};
}

Compressor::Compressor(HttpCompression compression) : compression_(compression) {
  if (compression == HttpCompression::zstd) zstd_.reset(ZSTD_createCCtx());
}

bool Compressor::compress(std::string_view in, std::string& out) {
  if (compression_ == HttpCompression::gzip) return gzip(in, out);
  if (compression_ == HttpCompression::none || zstd_ == nullptr) return false;
  out.resize(ZSTD_compressBound(in.size()));
  const std::size_t size =
      ZSTD_compressCCtx(zstd_.get(), out.data(), out.size(), in.data(), in.size(), zstd_level);
  if (ZSTD_isError(size) != 0) return false;
  out.resize(size);
  return true;
}

}  // namespace rebuf::sinks::http
