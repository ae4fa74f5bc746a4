# The proof that a search bites: a rule is broken in a copy of its source, and the search must find that.
#   broken_rule_test(NAME SEARCH search SOURCE file KEEPS "the text that keeps the rule" BREAKS "what breaks it" LIBS libs)
# `search` is an object library with a main that succeeds when it has found something.
function(broken_rule_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "SEARCH;SOURCE;KEEPS;BREAKS" "LIBS")  # ARGN would cut at each `;`
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${arg_SOURCE}")
  file(READ "${arg_SOURCE}" text)
  string(FIND "${text}" "${arg_KEEPS}" found)
  if(found EQUAL -1)
    message(FATAL_ERROR "${name}: ${arg_SOURCE} has no `${arg_KEEPS}`")
  endif()
  string(REPLACE "${arg_KEEPS}" "${arg_BREAKS}" text "${text}")
  get_filename_component(file "${arg_SOURCE}" NAME)
  set(broken "${CMAKE_CURRENT_BINARY_DIR}/${name}/${file}")
  file(CONFIGURE OUTPUT "${broken}" CONTENT "${text}" @ONLY)
  add_executable(${arg_SEARCH}_${name} "${broken}")
  rebuf_target(${arg_SEARCH}_${name})
  target_compile_options(${arg_SEARCH}_${name} PRIVATE -O1 -g0)
  target_link_libraries(${arg_SEARCH}_${name} PRIVATE ${arg_SEARCH} ${arg_LIBS})
  set_target_properties(${arg_SEARCH}_${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/${name}")
  add_test(NAME "${arg_SEARCH}: the search finds ${name}" COMMAND ${arg_SEARCH}_${name})
  set_tests_properties("${arg_SEARCH}: the search finds ${name}" PROPERTIES TIMEOUT 600)
endfunction()
