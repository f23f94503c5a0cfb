package metrics

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// longest is how many samples a series may be written with: two years of minutes. Rules are evaluated over all of them.
const longest = 1_000_000

// oldest is how many milliseconds it may span: a hundred years.
const oldest = 100 * 365 * 24 * 3600 * 1000

// read makes runs of values in promtool's notation, and says whether the last one has no end.
//
// Prometheus's own parser says what a value is and what is wrong with one. It is never given a repetition at its length, because
// it writes each out: here a week of minutes costs what one value costs.
func (s *series) read(p parser.Parser, values string) error {
	limit := int(min(longest, oldest/s.interval))
	for _, item := range items(values) {
		r, count, err := readItem(p, item)
		if err != nil {
			return fmt.Errorf("%q is no value of a series: %w", item, plain(err))
		}
		if count == 0 {
			continue // such as _x0
		}
		if count > limit-s.length {
			return fmt.Errorf("with %q it has more than %d samples, which is the most", item, limit)
		}
		r.begin = s.length
		s.runs = append(s.runs, r)
		s.length += count
	}
	if s.length == 0 {
		return errors.New("it has no values; write one such as 1, or 0+10x60 for sixty-one that grow by ten")
	}
	last := s.runs[len(s.runs)-1]
	s.goesOn = last.kind != chunkenc.ValNone && !(last.kind == chunkenc.ValFloat && value.IsStaleNaN(last.number))
	return nil
}

// items divides values at spaces, but not inside of {{ }}.
func items(values string) []string {
	var out []string
	depth := 0
	for _, word := range strings.Fields(values) {
		if depth > 0 {
			out[len(out)-1] += " " + word
		} else {
			out = append(out, word)
		}
		depth += strings.Count(word, "{{") - strings.Count(word, "}}")
	}
	return out
}

// readItem reads a value, or one that is repeated.
func readItem(p parser.Parser, item string) (run, int, error) {
	base, count, repeated, err := repetition(item)
	if err != nil {
		return run{}, 0, err
	}
	if !repeated {
		r, err := readValue(p, item)
		return r, 1, err
	}
	if _, _, err := p.ParseSeriesDesc("x " + base + "x1"); err != nil {
		return run{}, 0, err
	}
	if base == "_" {
		return run{kind: chunkenc.ValNone}, count, nil
	}
	count++ // the value itself, and so many after it
	at := stepAt(base)
	if at < 0 {
		r, err := readValue(p, base)
		return r, count, err
	}
	r, err := readValue(p, base[:at])
	if err != nil {
		return run{}, 0, err
	}
	step := base[at:]
	if r.kind == chunkenc.ValFloatHistogram {
		step = step[1:] // only a number has a sign
	}
	by, err := readValue(p, step)
	r.step, r.more, r.less = by.number, by.histogram, base[at] == '-'
	return r, count, err
}

// repetition takes the x60 off an item.
func repetition(item string) (base string, count int, repeated bool, err error) {
	at := strings.LastIndexByte(item, 'x')
	if at <= 0 || at < strings.LastIndexByte(item, '}') {
		return item, 0, false, nil
	}
	n, err := strconv.ParseUint(item[at+1:], 10, 64)
	if errors.Is(err, strconv.ErrRange) {
		n, err = math.MaxInt32, nil
	}
	if err != nil {
		return "", 0, false, fmt.Errorf("after x there must be how often it is repeated, not %q", item[at+1:])
	}
	return item[:at], int(min(n, math.MaxInt32)), true, nil
}

// stepAt is where in 0+10 the step begins, or -1 if it has none: not at a sign that belongs to a number or an exponent.
func stepAt(base string) int {
	if strings.HasPrefix(base, "{{") {
		end := strings.Index(base, "}}") + len("}}")
		if end < len(base) {
			return end
		}
		return -1
	}
	for at := len(base) - 1; at > 0; at-- {
		sign, before := base[at], base[at-1]
		if (sign == '+' || sign == '-') && before != 'e' && before != 'E' {
			return at
		}
	}
	return -1
}

func readValue(p parser.Parser, text string) (run, error) {
	_, values, err := p.ParseSeriesDesc("x " + text)
	switch {
	case err != nil:
		return run{}, err
	case len(values) != 1:
		return run{}, errors.New("it is not one value")
	case values[0].Omitted:
		return run{kind: chunkenc.ValNone}, nil
	case values[0].Histogram != nil:
		return run{kind: chunkenc.ValFloatHistogram, histogram: values[0].Histogram}, nil
	}
	return run{kind: chunkenc.ValFloat, number: values[0].Value}, nil
}

// plain is what the parser says without where in its input: that was not what the author of a scenario wrote.
func plain(err error) error {
	if all, ok := errors.AsType[parser.ParseErrors](err); ok && len(all) > 0 {
		return all[0].Err
	}
	if one, ok := errors.AsType[*parser.ParseErr](err); ok {
		return one.Err
	}
	return err
}
