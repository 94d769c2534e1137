# One target carries what every file of ours is compiled with.
add_library(caad_flags INTERFACE)
target_compile_definitions(caad_flags INTERFACE _GNU_SOURCE CAAD_VERSION="${PROJECT_VERSION}")
target_compile_options(caad_flags INTERFACE
    -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes
    -Wpointer-arith -Wcast-qual -Wwrite-strings -Wvla -Wformat=2 -Wundef
    -fstack-protector-strong -fno-common)
if(CAAD_WERROR)
    target_compile_options(caad_flags INTERFACE -Werror)
endif()
if(CAAD_SANITIZE)
    add_compile_options(-fsanitize=${CAAD_SANITIZE} -fno-omit-frame-pointer
                        -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${CAAD_SANITIZE})
else()
    target_compile_definitions(caad_flags INTERFACE
        $<$<NOT:$<CONFIG:Debug>>:_FORTIFY_SOURCE=2>)
endif()
