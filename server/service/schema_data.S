/* The FileDescriptorSet of proto/, as the build made it (schema.c). */
    .section .rodata
    .global caad_schema_start
    .global caad_schema_end
caad_schema_start:
    .incbin SCHEMA_FILE
caad_schema_end:
    .byte 0
    .section .note.GNU-stack, "", %progbits
