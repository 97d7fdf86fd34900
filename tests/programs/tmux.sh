# packages: tmux
# builds: x86_64
export TERM=xterm
want '^$' tmux new-session -d -s a -x 80 -y 24 cat
want '^$' tmux send-keys -t a 'into the pane' Enter
want 'into the pane' sh -c 'until tmux capture-pane -p -t a | grep "into the pane"; do sleep 0.1; done'
want '^$' tmux split-window -t a 'sleep 1000'
want '0: \[80x12\].*1: \[80x11\]' tmux list-panes -t a
want '^$' tmux kill-server
