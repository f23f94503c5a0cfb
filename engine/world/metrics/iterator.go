package metrics

import (
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// A moment is a time as Prometheus counts it, in milliseconds. (By this name vet does not take Seek for that of files.)
type moment = int64

// An iterator goes through the samples of a series between two times. It computes each when it is asked for.
type iterator struct {
	of     *series
	at     int // index of the current sample, one before the first until it moves
	end    int // index after the last
	run    int
	runEnd int
}

func (s *series) iterator(mint, maxt int64) chunkenc.Iterator {
	return &iterator{of: s, at: s.from(mint) - 1, end: s.until(maxt)}
}

func (it *iterator) Next() chunkenc.ValueType { return it.move(it.at + 1) }

func (it *iterator) Seek(t moment) chunkenc.ValueType { return it.move(max(it.at, it.of.from(t), 0)) }

// move goes to the first sample at index i or later.
func (it *iterator) move(i int) chunkenc.ValueType {
	for ; i < it.end; i = it.runEnd {
		if i >= it.runEnd {
			it.run = it.of.runOf(i)
			it.runEnd = it.of.endOf(it.run)
		}
		if kind := it.of.runs[it.run].kind; kind != chunkenc.ValNone {
			it.at = i
			return kind
		}
	}
	it.at = it.end
	return chunkenc.ValNone
}

func (it *iterator) At() (int64, float64) { return it.AtT(), it.of.runs[it.run].float(it.at) }

// AtHistogram is asked only where a sample says that it has whole counts, and none does.
func (it *iterator) AtHistogram(*histogram.Histogram) (int64, *histogram.Histogram) {
	panic("metrics: no sample is a histogram of whole counts")
}

func (it *iterator) AtFloatHistogram(into *histogram.FloatHistogram) (int64, *histogram.FloatHistogram) {
	h := it.of.runs[it.run].histogramAt(it.at)
	if into == nil {
		return it.AtT(), h
	}
	h.CopyTo(into)
	return it.AtT(), into
}

func (it *iterator) AtT() int64 { return it.of.time(it.at) }

// AtST is 0: no sample says when what it counts began.
func (it *iterator) AtST() int64 { return 0 }

func (it *iterator) Err() error { return nil }
