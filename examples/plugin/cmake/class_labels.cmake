# Hosts ask for the names of a parameter's values before there is a server to ask: they are those of the default voice,
# as its card has them. Other voices may order their classes otherwise.
function(class_labels card to most)
  file(READ "${card}" text)
  string(JSON count LENGTH "${text}" classes)
  set(names "")
  foreach(id RANGE 1 ${count})
    math(EXPR at "${id} - 1")
    string(JSON known GET "${text}" classes ${at} id)
    string(JSON name GET "${text}" classes ${at} name)
    if(NOT known EQUAL at)
      message(FATAL_ERROR "${card}: class ${name} is number ${at} of the list and has the id ${known}; they must be the same")
    endif()
    if(at LESS most)
      string(APPEND names "    \"${name}\",\n")
    endif()
  endforeach()
  file(CONFIGURE OUTPUT "${to}" CONTENT "#pragma once
// Made of ${card}.

namespace foley {

constexpr const char* kClassLabels[] = {
${names}};

}  // namespace foley
")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${card}")
endfunction()
