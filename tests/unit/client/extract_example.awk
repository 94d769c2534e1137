# The first program between .EX and .EE of a man page, as C.
/^\.EX$/ { inside = 1; next }
/^\.EE$/ { if (inside) exit; }
inside { gsub(/\\e/, "\\"); gsub(/\\-/, "-"); print }
