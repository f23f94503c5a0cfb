// Package backfill writes the service's past into a Prometheus's folder before that Prometheus starts, as if it had
// scraped and evaluated all the time.
//
// It writes blocks with Prometheus's own writer and computes recorded series with Prometheus's own engine; it has no
// idea of either format or language. It never writes into a folder that a Prometheus works in.
//
// Read next: series.go, what was scraped; record.go, what rules made of it.
package backfill

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"sort"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"golang.org/x/sync/errgroup"

	"runbook/examples/lab/photon"
)

// blockRange is one of those into which Prometheus itself merges its blocks of two hours, so that it finds nothing to
// merge when it starts. Blocks begin and end at its multiples.
const blockRange = 18 * time.Hour

// Scrape is how the service would have been scraped.
type Scrape struct{ Job, Instance string }

// Record is a recording rule: an expression, and the name of the series that keeps its value.
type Record struct{ Name, Expr string }

// Write makes the blocks of the past in dir.
func Write(ctx context.Context, dir string, past photon.Past, scrape Scrape, records []Record) error {
	series := scraped(past, scrape)
	recorded, err := evaluate(ctx, past, series, records)
	if err != nil {
		return err
	}
	series = append(series, recorded...)
	blocks, ctx := errgroup.WithContext(ctx)
	blocks.SetLimit(runtime.GOMAXPROCS(0))
	for begin := past.Begin().Truncate(blockRange); !begin.After(past.End); begin = begin.Add(blockRange) {
		blocks.Go(func() error { return writeBlock(ctx, dir, within(series, begin, begin.Add(blockRange))) })
	}
	return blocks.Wait()
}

// writeBlock finishes a block that it began: the writer cannot be interrupted.
func writeBlock(ctx context.Context, dir string, series []storage.Series) error {
	if len(series) == 0 {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("write the service's past to %s: %w", dir, err)
	}
	// The writer takes nothing older than half its range before the newest sample, and here a whole block comes series by
	// series. So it is told twice the range.
	if _, err := tsdb.CreateBlock(series, dir, 2*blockRange.Milliseconds(), slog.New(slog.DiscardHandler)); err != nil {
		return fmt.Errorf("write the service's past to %s: %w", dir, err)
	}
	return nil
}

// within is what the series have from begin and before end.
func within(series []promql.Series, begin, end time.Time) []storage.Series {
	var part []storage.Series
	for _, s := range series {
		index := func(t time.Time) int {
			return sort.Search(len(s.Floats), func(i int) bool { return s.Floats[i].T >= t.UnixMilli() })
		}
		if floats := s.Floats[index(begin):index(end)]; len(floats) > 0 {
			part = append(part, promql.NewStorageSeries(promql.Series{Metric: s.Metric, Floats: floats}))
		}
	}
	return part
}
