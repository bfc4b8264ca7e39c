import type { AutoDelivery } from '../delivery/auto-delivery.ts';
import type { Handler } from '../dispatch/dispatcher.ts';

export interface DeliverDeps {
  deliveries: Pick<AutoDelivery, 'set' | 'info'>;
}

/** `deliver.set`. */
export function deliverSet({ deliveries }: DeliverDeps): Handler<'deliver.set'> {
  return ({ args }) => deliveries.set(args);
}

/** `deliver.info`. */
export function deliverInfo({ deliveries }: DeliverDeps): Handler<'deliver.info'> {
  return () => deliveries.info();
}
