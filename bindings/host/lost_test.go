//go:build unix

package host

import (
	"context"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/files"
	"runbook/engine/machine"
)

// A losing system makes changes, and the answers to the first of them are lost: of those of some paths, which are made or not.
type losingFiles struct {
	files.System
	lost map[string]bool // and whether it was made
	once *bool
}

func (l losingFiles) Change(ctx context.Context, root string, changes []files.Change) ([]error, error) {
	if *l.once {
		return l.System.Change(ctx, root, changes)
	}
	*l.once = true
	var sent []files.Change
	for _, c := range changes {
		if made, lost := l.lost[c.Was.Path]; made || !lost {
			sent = append(sent, c)
		}
	}
	errs, err := l.System.Change(ctx, root, sent)
	if err != nil {
		return nil, err
	}
	out := make([]error, len(changes))
	for i, c := range changes {
		made, lost := l.lost[c.Was.Path]
		if made || !lost {
			out[i], errs = errs[0], errs[1:]
		}
		if lost {
			out[i] = action.Errorf(action.CodeUncertain, "nobody knows whether %s was changed", c.Was.Path)
		}
	}
	return out, nil
}

// What a removal says and returns of which answers were lost is what came of all attempts.
func TestARemovalWhoseAnswersAreLost(t *testing.T) {
	for name, c := range map[string]struct {
		lost    map[string]bool
		settled action.Settlement
		note    string
	}{
		"all of it was done":  {map[string]bool{"stale/only.bin": true}, action.Done, "1 entry had gone meanwhile"},
		"some of it was done": {map[string]bool{"stale/only.bin": true, "kernels/old.bin": false}, action.NotDone, "2 entries, 4.9 KiB; frees"},
		"nothing of it was":   {map[string]bool{"stale/only.bin": false, "kernels/old.bin": false}, action.NotDone, "2 entries, 4.9 KiB; frees"},
	} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, func(t *testing.T, s *fileSite) {
				live := s.System
				s.mod = New(Config{Files: machine.Set[files.System]{Local: losingFiles{live, c.lost, new(bool)}}})
				a, p := s.predicted("remove", s.at("/cache"), oldFiles)
				require.EqualValues(t, 3, plain(t, p.Value).(map[string]any)["removed"])
				s.write("old.log", "written anew", s.Now.Add(-9*day))
				if _, all := c.lost["kernels/old.bin"]; !all {
					was, err := live.Look(s.ctx(), s.at("/cache/kernels/old.bin"))
					require.NoError(t, err)
					was.Path = "old.bin"
					errs, err := live.Change(s.ctx(), s.at("/cache/kernels"), []files.Change{{Op: files.Remove, Was: was}})
					require.NoError(t, err)
					require.NoError(t, errs[0])
				}
				result := s.settledAs(c.settled, a, p)
				require.Contains(t, result.Note, c.note)
				require.Contains(t, result.Note, "1 entry had changed meanwhile, and stayed")
				did := plain(t, result.Value).(map[string]any)
				require.Len(t, did["left"], 1)
				require.Equal(t, []string{"away", "kernels", "kernels/new.bin", "old.log", "stale"}, s.found(nil))
			})
		})
	}
}

// What a gift says and returns of which answers were lost is likewise.
func TestAGiftWhoseAnswersAreLost(t *testing.T) {
	const other = "4711"
	for name, c := range map[string]struct {
		lost    map[string]bool
		settled action.Settlement
	}{
		"all of it was done":  {map[string]bool{"stale/only.bin": true, "cache": true}, action.Done},
		"some of it was done": {map[string]bool{"stale/only.bin": true, "old.log": false, "cache": false}, action.NotDone},
		"nothing of it was":   {map[string]bool{"stale/only.bin": false, "old.log": false}, action.NotDone},
	} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, func(t *testing.T, s *fileSite) {
				s.mayGive()
				s.mod = New(Config{Files: machine.Set[files.System]{Local: losingFiles{s.System, c.lost, new(bool)}}})
				a, p := s.predicted("chown", s.at("/cache"), other)
				require.Len(t, p.Members, 8)
				result := s.settledAs(c.settled, a, p)
				require.Equal(t, "8 entries", result.Note)
				require.EqualValues(t, 8, plain(t, result.Value).(map[string]any)["changed"])
				require.Equal(t, other, s.value("stat", s.at("/cache/stale/only.bin")).(map[string]any)["owner"])
				require.Equal(t, other, s.value("stat", s.at("/cache")).(map[string]any)["owner"])
			})
		})
	}
}

// mayGive skips the test of who may give nothing away.
func (s *fileSite) mayGive() {
	if s.Number != "" && os.Geteuid() != 0 {
		s.t.Skip("only root gives files away")
	}
}

// A gift that fails midway says what it gave.
func TestAGiftThatFailsMidway(t *testing.T) {
	everywhere(t, func(t *testing.T, s *fileSite) {
		s.mayGive()
		a, p := s.predicted("chown", s.at("/cache"), "4711")
		s.mod = New(Config{Files: machine.Set[files.System]{Local: s.System}})
		gift := a.(gift)
		gift.files = losingFiles{s.System, map[string]bool{"old.log": false}, new(bool)}
		_, err := gift.Apply(s.ctx(), p)
		var said *action.Error
		require.ErrorAs(t, err, &said)
		require.Equal(t, "changed the owner of 7 entries", said.Partly)
	})
}

// What an earlier part of the run did before it died is part of what was done in all.
func TestWhatARunThatDiedDidCounts(t *testing.T) {
	for name, all := range map[string]bool{"all of it": true, "some of it": false} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, func(t *testing.T, s *fileSite) {
				a, p := s.predicted("remove", s.at("/cache"), oldFiles)
				gone := []string{"kernels/old.bin"}
				if all {
					gone = p.Members
				}
				for _, at := range gone {
					was, err := s.System.Look(s.ctx(), s.at("/cache/"+at))
					require.NoError(t, err)
					was.Path = at
					errs, err := s.System.Change(s.ctx(), s.at("/cache"), []files.Change{{Op: files.Remove, Was: was}})
					require.NoError(t, err)
					require.NoError(t, errs[0])
				}
				resumed := a.(action.Narrower).Narrow(p.Members)
				settled, err := resumed.Settle(s.ctx(), action.Intent{Sent: s.Now, Members: p.Members, Value: p.Value})
				require.NoError(t, err)
				require.Equal(t, map[bool]action.Settlement{true: action.Done, false: action.NotDone}[all], settled)
				if !all {
					again, err := resumed.Predict(s.ctx(), s.view)
					require.NoError(t, err)
					_, err = resumed.Apply(s.ctx(), again)
					require.NoError(t, err)
				}
				result := resumed.(action.Accountable).Account()
				require.Equal(t, plain(t, p.Value), plain(t, result.Value))
				require.Contains(t, result.Note, p.Note+"; "+counted(int64(len(gone)))+" of these before the run was resumed")
			})
		})
	}
}

// settledAs carries out an action whose answers are lost, settles it, and makes it again where nothing was done: what came of it in all.
func (s *fileSite) settledAs(want action.Settlement, a action.Action, p action.Prediction) action.Result {
	_, err := a.Apply(s.ctx(), p)
	require.Equal(s.t, action.CodeUncertain, action.CodeOf(err))
	settled, err := a.Settle(s.ctx(), action.Intent{Sent: s.Now})
	require.NoError(s.t, err)
	require.Equal(s.t, want, settled)
	if settled == action.NotDone {
		_, err = a.Apply(s.ctx(), p)
		require.NoError(s.t, err)
	}
	return a.(action.Accountable).Account()
}
