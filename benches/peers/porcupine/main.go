// Judges a history with porcupine and prints the best time in seconds, and the verdict. A line of the
// file: client, call, return or -, verb, key, old, new, result; words apart by tabs.
package main

import (
	"fmt"
	"math"
	"os"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

const rounds = 5
const patience = 10 * time.Second

type input struct {
	verb, key, old, new string
}

// An answer; nobody heard it where known is false.
type output struct {
	known  bool
	result string
}

func partition(history []porcupine.Operation) [][]porcupine.Operation {
	byKey := map[string][]porcupine.Operation{}
	var keys []string
	for _, operation := range history {
		key := operation.Input.(input).key
		if _, known := byKey[key]; !known {
			keys = append(keys, key)
		}
		byKey[key] = append(byKey[key], operation)
	}
	sort.Strings(keys)
	var parts [][]porcupine.Operation
	for _, key := range keys {
		parts = append(parts, byKey[key])
	}
	return parts
}

func model(initial string) porcupine.Model {
	return porcupine.Model{
		Partition: partition,
		Init:      func() interface{} { return initial },
		Step: func(state, in, out interface{}) (bool, interface{}) {
			held, asked, answer := state.(string), in.(input), out.(output)
			switch asked.verb {
			case "get", "text-get":
				return !answer.known || answer.result == held, held
			case "put", "text-put":
				return true, asked.new
			case "text-append":
				return true, held + asked.new
			default:
				swaps := asked.old == held
				if answer.known && (answer.result == "true") != swaps {
					return false, held
				}
				if swaps {
					return true, asked.new
				}
				return true, held
			}
		},
		Equal: func(one, other interface{}) bool { return one.(string) == other.(string) },
		Hash: func(state interface{}) uint64 {
			hash := uint64(14695981039346656037)
			for _, letter := range []byte(state.(string)) {
				hash = (hash ^ uint64(letter)) * 1099511628211
			}
			return hash
		},
	}
}

func main() {
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	var history []porcupine.Operation
	initial := "nil"
	for _, line := range strings.Split(strings.TrimRight(string(text), "\n"), "\n") {
		words := strings.Split(line, "\t")
		number := func(word string) int64 {
			value, err := strconv.ParseInt(word, 10, 64)
			if err != nil {
				panic(err)
			}
			return value
		}
		returned := int64(math.MaxInt64)
		if words[2] != "-" {
			returned = number(words[2])
		}
		if strings.HasPrefix(words[3], "text-") {
			initial = ""
		}
		history = append(history, porcupine.Operation{
			ClientId: int(number(words[0])),
			Call:     number(words[1]),
			Return:   returned,
			Input:    input{words[3], words[4], words[5], words[6]},
			Output:   output{words[2] != "-", words[7]},
		})
	}
	best := time.Duration(math.MaxInt64)
	var verdict porcupine.CheckResult
	begun := time.Now()
	for round := 0; round < rounds && time.Since(begun) < patience; round++ {
		start := time.Now()
		verdict = porcupine.CheckOperationsTimeout(model(initial), history, patience)
		if taken := time.Since(start); taken < best {
			best = taken
		}
	}
	fmt.Printf("%.9f %s\n", best.Seconds(), verdict)
}
