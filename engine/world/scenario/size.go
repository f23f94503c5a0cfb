package scenario

import (
	"fmt"
	"math"
	"strconv"

	"github.com/dustin/go-humanize"
	"go.yaml.in/yaml/v3"
)

// A Size is a number of bytes. In a file it is a whole number, or a text such as 10MiB.
type Size int64

// UnmarshalYAML takes both.
func (s *Size) UnmarshalYAML(node *yaml.Node) error {
	if n, err := strconv.ParseInt(node.Value, 10, 64); err == nil && n >= 0 {
		*s = Size(n)
		return nil
	}
	n, err := humanize.ParseBytes(node.Value)
	if err != nil || node.Kind != yaml.ScalarNode || n > math.MaxInt64 {
		return fmt.Errorf("line %d: %q is no size: a number of bytes, or a text such as 10MiB or 20GB", node.Line, node.Value)
	}
	*s = Size(n)
	return nil
}
