package screen

import "slices"

// Narrow leaves out columns of a table that is wider than the output, in the order in which they are expendable, until the rest
// fits: a shortened id is of no use to anybody. What does not fit even then is for Table to shorten.
func Narrow(look Look, columns []string, rows [][]string, expendable ...string) ([]string, [][]string) {
	limit := look.columns()
	widths := widthsOf(columns, rows)
	for _, name := range expendable {
		i := slices.Index(columns, name)
		if limit == 0 || lineWidth(widths) <= limit {
			break
		}
		if i < 0 {
			continue
		}
		columns, widths = leftOut(columns, i), leftOut(widths, i)
		narrowed := make([][]string, len(rows))
		for j, row := range rows {
			narrowed[j] = leftOut(row, i)
		}
		rows = narrowed
	}
	return columns, rows
}

func lineWidth(widths []int) int {
	total := gap * max(len(widths)-1, 0)
	for _, w := range widths {
		total += w
	}
	return total
}

// leftOut is a copy of the list without one place.
func leftOut[T any](list []T, i int) []T { return slices.Delete(slices.Clone(list), i, i+1) }
