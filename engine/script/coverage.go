package script

import (
	"maps"
	"slices"
	"strconv"
	"sync"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
)

// A Coverage collects which lines of runbooks' own files were run, by any number of VMs at once. A line counts when a statement begins
// on it.
//
// Before each statement stands another one that writes into a table: hits[1][n] = 1. The table is a constant of the compiled function,
// so there is no name that a script could see, no call that could fail or end somewhere else, no local and no upvalue more; lines are
// those of the source. Counting by instruction would be as exact, but the interpreter can be watched only through its context, which other
// goroutines look at as well.
type Coverage struct {
	mu    sync.Mutex
	files map[string]map[int]bool // by file and line: whether it was run
}

// Lines are the lines of one file.
type Lines struct {
	File   string
	Lines  []int // on which a statement begins, in order
	Missed []int // those of them that no VM ran, in order
}

// Files returns what was collected, by name.
func (c *Coverage) Files() []Lines {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []Lines
	for _, name := range slices.Sorted(maps.Keys(c.files)) {
		file := Lines{File: name}
		for _, line := range slices.Sorted(maps.Keys(c.files[name])) {
			file.Lines = append(file.Lines, line)
			if !c.files[name][line] {
				file.Missed = append(file.Missed, line)
			}
		}
		out = append(out, file)
	}
	return out
}

func (c *Coverage) add(file string, h *hits) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.files == nil {
		c.files = map[string]map[int]bool{}
	}
	lines := c.files[file]
	if lines == nil {
		lines = map[int]bool{}
		c.files[file] = lines
	}
	for i, line := range h.lines {
		lines[line] = lines[line] || h.table.RawGetInt(i+1) == hit
	}
}

// hit is what stands in the table for a statement that was run.
const hit = lua.LNumber(1)

// hits are the statements of one file in one VM.
type hits struct {
	lines []int       // by number of the statement
	table *lua.LTable // the same, hit or false
	outer *lua.LTable // the table is its only item: see mark
	full  bool        // inside a function that has no room for marks
}

// roomy is how many locals a function may declare and have room for a mark, which takes up to three registers of gopher-lua's 200. The
// lines of one that declares more are not counted at all: that it can be compiled matters more.
const roomy = 190

// placeholder is the constant in whose place the outer table is put. No text that a person writes is that.
const placeholder = "\x00statements that were run\x00"

// instrument puts a mark before each statement of a file.
func instrument(chunk []ast.Stmt) ([]ast.Stmt, *hits) {
	h := &hits{table: &lua.LTable{Metatable: lua.LNil}, outer: &lua.LTable{Metatable: lua.LNil}}
	chunk = h.body(nil, chunk)
	for i := range h.lines {
		h.table.RawSetInt(i+1, lua.LFalse)
	}
	h.outer.RawSetInt(1, h.table)
	return chunk, h
}

// mark is the statement placeholder[1][n] = 1. The compiler wants an object that is no constant on the left, hence the outer table.
func (h *hits) mark(line int) ast.Stmt {
	h.lines = append(h.lines, line)
	object, first := &ast.StringExpr{Value: placeholder}, &ast.NumberExpr{Value: "1"}
	inner := &ast.AttrGetExpr{Object: object, Key: first}
	number, one := &ast.NumberExpr{Value: strconv.Itoa(len(h.lines))}, &ast.NumberExpr{Value: "1"}
	field := &ast.AttrGetExpr{Object: inner, Key: number}
	set := &ast.AssignStmt{Lhs: []ast.Expr{field}, Rhs: []ast.Expr{one}}
	for _, n := range []ast.PositionHolder{object, first, inner, number, one, field, set} {
		n.SetLine(line)
		n.SetLastLine(line)
	}
	return set
}

// plant puts the table in the place of the placeholder in a compiled function and those inside of it.
func (h *hits) plant(proto *lua.FunctionProto) {
	for i, c := range proto.Constants {
		if c == lua.LString(placeholder) {
			proto.Constants[i] = h.outer
		}
	}
	for _, inner := range proto.FunctionPrototypes {
		h.plant(inner)
	}
}

// body are the statements of a function with their marks.
func (h *hits) body(params *ast.ParList, stmts []ast.Stmt) []ast.Stmt {
	outside := h.full
	defer func() { h.full = outside }()
	declared := localsIn(stmts)
	if params != nil {
		declared += len(params.Names)
	}
	h.full = declared > roomy
	return h.block(stmts)
}

// localsIn counts what a function's statements declare, its inner functions left out. Not all of them need to be there at once.
func localsIn(stmts []ast.Stmt) (n int) {
	const hidden = 3 // locals of a loop that a script does not see
	for _, s := range stmts {
		switch s := s.(type) {
		case *ast.LocalAssignStmt:
			n += len(s.Names)
		case *ast.DoBlockStmt:
			n += localsIn(s.Stmts)
		case *ast.WhileStmt:
			n += localsIn(s.Stmts)
		case *ast.RepeatStmt:
			n += localsIn(s.Stmts)
		case *ast.IfStmt:
			n += localsIn(s.Then) + localsIn(s.Else)
		case *ast.NumberForStmt:
			n += hidden + 1 + localsIn(s.Stmts)
		case *ast.GenericForStmt:
			n += hidden + len(s.Names) + localsIn(s.Stmts)
		}
	}
	return n
}

// block is a list of statements with their marks. A label is no statement that runs, and has to stay where it ends a block.
func (h *hits) block(stmts []ast.Stmt) []ast.Stmt {
	if len(stmts) == 0 {
		return stmts // an empty block is compiled to nothing, and stays so
	}
	out := make([]ast.Stmt, 0, 2*len(stmts))
	for _, s := range stmts {
		if _, label := s.(*ast.LabelStmt); !label && !h.full {
			out = append(out, h.mark(s.Line()))
		}
		walk{h.body, h.block}.stmt(s)
		out = append(out, s)
	}
	return out
}
