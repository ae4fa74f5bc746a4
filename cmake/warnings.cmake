# Warnings are errors, for our own code. `rebuf_target(NAME)` gives a target the project's warnings and,
# when REBUF_SANITIZE is set, its sanitizers.
add_library(rebuf_flags INTERFACE)
target_compile_options(rebuf_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -fno-omit-frame-pointer)
target_include_directories(rebuf_flags INTERFACE "${PROJECT_SOURCE_DIR}")
target_link_libraries(rebuf_flags INTERFACE Threads::Threads)
if(REBUF_SANITIZE)
  target_compile_options(rebuf_flags INTERFACE -fsanitize=${REBUF_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(rebuf_flags INTERFACE -fsanitize=${REBUF_SANITIZE})
endif()

function(rebuf_target name)
  target_link_libraries(${name} PRIVATE $<BUILD_INTERFACE:rebuf_flags>)
endfunction()
