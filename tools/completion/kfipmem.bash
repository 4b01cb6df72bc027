# SPDX-License-Identifier: BSD-3-Clause
# bash completion for kfipmem(1)

_kfipmem_field()
{
	# kfipmem's JSON has one member a line, so no JSON tool is needed.
	kfipmem "${@:2}" --json 2>/dev/null |
		sed -n "s/^ *\"$1\": \"\(.*\)\",\{0,1\}$/\1/p"
}

_kfipmem_regions()
{
	kfipmem region list 2>/dev/null | awk 'NR > 1 { print $1 }'
}

_kfipmem_attachments()
{
	kfipmem status --json 2>/dev/null |
		sed -n '/"attachments"/,$s/^ *"name": "\(.*\)",$/\1/p'
}

_kfipmem_sets()
{
	# The names of members have two more blanks before them.
	kfipmem set status --json 2>/dev/null |
		sed -n 's/^      "name": "\(.*\)",$/\1/p'
}

_kfipmem_configured_sets()
{
	sed -n 's/^[[:blank:]]*\[set[[:blank:]]*\([[:alnum:]._-]*\)[[:blank:]]*\].*/\1/p' \
		/etc/kfipmem.conf 2>/dev/null
}

_kfipmem()
{
	local cur prev command options words_out i
	cur=${COMP_WORDS[COMP_CWORD]}
	prev=${COMP_WORDS[COMP_CWORD - 1]}
	COMPREPLY=()
	# What is behind the colon of "local:" is a word of its own to bash.
	[[ $cur == : ]] && cur="" prev=:

	case $prev in
	--key-file | --config)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	--peer)
		words_out=$(_kfipmem_field peer exports)
		mapfile -t COMPREPLY < <(compgen -W "$words_out" -- "$cur")
		return
		;;
	--set)
		words_out=$(_kfipmem_configured_sets)
		mapfile -t COMPREPLY < <(compgen -W "$words_out" -- "$cur")
		return
		;;
	--provider)
		mapfile -t COMPREPLY < <(compgen -W "rdma" -- "$cur")
		return
		;;
	--member | --witness)
		words_out="local:"
		[[ $COMP_LINE == *" set start "* ]] && words_out+=" removed"
		mapfile -t COMPREPLY < <(compgen -W "$words_out" -- "$cur")
		compopt -o nospace 2>/dev/null
		return
		;;
	:)
		words_out=$(_kfipmem_regions)
		mapfile -t COMPREPLY < <(compgen -W "$words_out" -- "$cur")
		return
		;;
	--block-size)
		mapfile -t COMPREPLY < <(compgen -W "512 4096" -- "$cur")
		return
		;;
	--name | --as | --size | --addr | --port | --epoch | --number | \
		--extent-size | --resync-rate)
		return
		;;
	esac

	# The command is the first one or two words that are not options.
	for ((i = 1; i < COMP_CWORD; i++)); do
		[[ ${COMP_WORDS[i]} == -* ]] && continue
		command=${COMP_WORDS[i]}
		case $command in
		pool | region | key | set | blk)
			((i + 1 < COMP_CWORD)) &&
				command+=" ${COMP_WORDS[i + 1]}"
			;;
		esac
		break
	done

	options="--json --help"
	case $command in
	"")
		words_out="pool region export unexport exports fence listen
			unlisten attach detach key set blk up down status stat"
		options+=" --version"
		;;
	pool) words_out="create open close list destroy" ;;
	region) words_out="create list remove" ;;
	key) words_out="generate" ;;
	"pool create")
		words_out=$(compgen -G "/dev/pmem*")
		options+=" --name --force --cache-model"
		;;
	"pool open")
		words_out=$(compgen -G "/dev/pmem*")
		options+=" --cache-model"
		;;
	"pool close" | "pool destroy")
		words_out=$(_kfipmem_field name pool list)
		;;
	"region create")
		words_out=$(_kfipmem_field name pool list | sed 's,$,/,')
		options+=" --size"
		;;
	"region remove") words_out=$(_kfipmem_regions) ;;
	export)
		words_out=$(_kfipmem_regions)
		options+=" --peer --key-file --insecure-any --read-only"
		;;
	unexport)
		words_out=$(_kfipmem_regions)
		options+=" --peer"
		;;
	fence)
		words_out=$(_kfipmem_regions)
		options+=" --epoch --peer"
		;;
	listen) options+=" --addr --port --provider" ;;
	attach)
		options+=" --as --key-file --insecure --name --read-only"
		options+=" --provider"
		;;
	detach)
		words_out=$(_kfipmem_attachments)
		options+=" --force"
		;;
	stat) words_out="target $(_kfipmem_attachments)" ;;
	set) words_out="create start stop add remove scrub members status" ;;
	"set create")
		options+=" --member --witness --as --key-file --insecure"
		options+=" --provider --config --assume-clean --extent-size"
		options+=" --fail-io --resync-rate"
		;;
	"set start")
		words_out=$(_kfipmem_configured_sets)
		options+=" --member --witness --as --key-file --insecure"
		options+=" --provider --config --raw --fail-io --resync-rate"
		;;
	"set add")
		words_out=$(_kfipmem_sets)
		options+=" --member --witness --as --key-file --insecure"
		options+=" --provider"
		;;
	"set members")
		words_out=$(_kfipmem_configured_sets)
		options+=" --config"
		;;
	"set stop" | "set remove") words_out=$(_kfipmem_sets) ;;
	"set scrub")
		words_out=$(_kfipmem_sets)
		options+=" --repair --wait"
		;;
	"set status")
		words_out=$(_kfipmem_sets)
		options+=" --watch"
		;;
	up)
		words_out="pools exports attachments sets"
		options+=" --set --check --config"
		;;
	down)
		words_out="sets attachments exports pools"
		options+=" --set --force --config"
		;;
	blk) words_out="add del resize list" ;;
	"blk add")
		words_out=$(_kfipmem_sets)
		options+=" --block-size --read-only --number"
		;;
	"blk del")
		words_out=$(_kfipmem_field node blk list)
		options+=" --force"
		;;
	"blk resize") words_out=$(_kfipmem_field node blk list) ;;
	"key generate")
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	esac

	[[ $cur == -* ]] && words_out=$options
	mapfile -t COMPREPLY < <(compgen -W "$words_out" -- "$cur")
}

complete -F _kfipmem kfipmem
