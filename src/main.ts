process.stdout.write('meshdojo\n')
