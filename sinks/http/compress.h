// Compresses request bodies. Used by one thread: it keeps its buffers.
#pragma once

#include <zstd.h>

#include <memory>
#include <string>
#include <string_view>

#include "sinks/http/http_sink.h"

namespace rebuf::sinks::http {

// The value of Content-Encoding; empty for none.
[[nodiscard]] std::string_view encoding_name(HttpCompression compression) noexcept;

class Compressor {
 public:
  explicit Compressor(HttpCompression compression);

  // Into `out`. False: it could not (no memory), or there is nothing to do.
  [[nodiscard]] bool compress(std::string_view in, std::string& out);

 private:
  struct Free {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  };
  const HttpCompression compression_;
  std::unique_ptr<ZSTD_CCtx, Free> zstd_;
};

}  // namespace rebuf::sinks::http
