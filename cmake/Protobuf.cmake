find_program(PROTOC protoc REQUIRED)
find_program(PROTOC_GEN_C protoc-gen-c REQUIRED)

# caad_protobuf(TARGET FILE...): a static library of the C code that protobuf-c
# generates for each .proto file, given relative to proto/.
function(caad_protobuf target)
    set(out ${CMAKE_CURRENT_BINARY_DIR}/c)
    file(MAKE_DIRECTORY ${out})
    set(sources "")
    foreach(file IN LISTS ARGN)
        string(REGEX REPLACE "\\.proto$" ".pb-c" base ${file})
        add_custom_command(
            OUTPUT ${out}/${base}.c ${out}/${base}.h
            COMMAND ${PROTOC} --plugin=protoc-gen-c=${PROTOC_GEN_C} -I${PROJECT_SOURCE_DIR}/proto
                    --c_out=${out} ${file}
            DEPENDS ${PROJECT_SOURCE_DIR}/proto/${file} VERBATIM)
        list(APPEND sources ${out}/${base}.c)
    endforeach()
    add_library(${target} STATIC ${sources})
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON
                          C_VISIBILITY_PRESET hidden)
    target_include_directories(${target} SYSTEM PUBLIC ${out})
    target_link_libraries(${target} PUBLIC PkgConfig::PROTOBUF_C)
endfunction()

# caad_descriptor_set(OUTPUT FILE...): the FileDescriptorSet, comments included.
function(caad_descriptor_set output)
    list(TRANSFORM ARGN PREPEND ${PROJECT_SOURCE_DIR}/proto/ OUTPUT_VARIABLE depends)
    add_custom_command(
        OUTPUT ${output}
        COMMAND ${PROTOC} -I${PROJECT_SOURCE_DIR}/proto --include_source_info
                --include_imports --descriptor_set_out=${output} ${ARGN}
        DEPENDS ${depends} VERBATIM)
endfunction()
