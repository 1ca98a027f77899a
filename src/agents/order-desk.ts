import { Agent } from "kern/agent";
import { approval } from "kern/approval";
import { OpenAIChat } from "kern/models/openai";
import { tool } from "kern/tools";
import { z } from "zod";

const order_id = z.string().describe("The id of the order, such as o-1.");
/** Leaves a record of each call: who it was for, who answered, and what came of it. */
const audited = approval({ type: "audit" });

/** Waits for nobody. */
const sendReceipt = audited(
  tool({
    name: "send_receipt",
    description: "Send the receipt of an order to its customer.",
    parameters: z.object({ order_id }),
    execute: ({ order_id }) => `The receipt of order ${order_id} has been sent.`,
  }),
);

/** Waits for the yes of the one who asked. */
const cancelOrder = audited(
  tool({
    name: "cancel_order",
    description: "Cancel an order that has not been shipped.",
    parameters: z.object({ order_id }),
    requiresConfirmation: true,
    execute: ({ order_id }) => `Order ${order_id} has been cancelled.`,
  }),
);

/** Waits for what only the one who asked can know. */
const bookDelivery = audited(
  tool({
    name: "book_delivery",
    description: "Book the delivery of an order.",
    parameters: z.object({
      order_id,
      address: z.string().min(1).describe("Where to."),
      day: z.iso.date().describe("On which day."),
    }),
    requiresUserInput: true,
    userInputFields: ["address", "day"],
    execute: ({ order_id, address, day }) => `Order ${order_id} comes to ${address} on ${day}.`,
  }),
);

/** Is done elsewhere, by hand or by another program, which hands in the result. */
const weighParcel = audited(
  tool({
    name: "weigh_parcel",
    description: "Put the parcel of an order on the scales.",
    parameters: z.object({ order_id }),
    externalExecution: true,
  }),
);

/** Waits for a manager, as whatever costs money does. */
const refundOrder = approval({ expiresIn: "2d" })(
  tool({
    name: "refund_order",
    description: "Refund an amount of an order's price.",
    parameters: z.object({ order_id, amount: z.number().positive() }),
    execute: ({ order_id, amount }) => `${amount} of order ${order_id} have been refunded.`,
  }),
);

export const orderDesk = new Agent({
  id: "order-desk",
  name: "Order Desk",
  model: new OpenAIChat({ id: "gpt-4o-mini" }),
  tools: [sendReceipt, cancelOrder, bookDelivery, weighParcel, refundOrder],
  instructions: ["You help customers with their orders."],
  examples: [
    "Refund 20 of order o-5",
    "Send the receipt of order o-5, then refund 20 of order o-5",
  ],
});
