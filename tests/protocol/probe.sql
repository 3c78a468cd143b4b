-- Two calls that report whether they run read-only; Chatkeep has no such call. They exist before the gateways read the
-- catalog.
create or replace function public.probe_stable() returns text
language sql stable set search_path = ''
as $$ select current_setting('transaction_read_only') $$;
create or replace function public.probe_volatile() returns text
language sql volatile set search_path = ''
as $$ select current_setting('transaction_read_only') $$;
