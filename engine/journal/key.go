package journal

import (
	"fmt"
	"strconv"
	"strings"
)

// numberMark stands before the number of a key.
const numberMark = " #"

// Key is the key of an operation that is asked for in one place for the nth time.
func Key(operation string, n int) string { return fmt.Sprintf("%s%s%d", operation, numberMark, n) }

// Nth is the number of a key; 0 where it has none.
func Nth(key string) int {
	n, err := strconv.Atoi(strings.TrimPrefix(key[len(Unnumbered(key)):], numberMark))
	if err != nil {
		return 0
	}
	return n
}

// Unnumbered is the operation of a key, in its place: what is asked for again there has the same.
func Unnumbered(key string) string {
	if at := strings.LastIndex(key, numberMark); at >= 0 {
		return key[:at]
	}
	return key
}
